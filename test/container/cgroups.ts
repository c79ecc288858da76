import { readFile, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/**
 * The folders of the cgroups that systemd-nspawn made for itself and its machine, which it leaves to systemd to remove;
 * where systemd does not run, they would stay.
 *
 * Takes: any process of the machine's, or its manager.
 */
export async function cgroupsOf(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const made = [...text.matchAll(/^\d+:(?:name=systemd)?:(.*\/(?:supervisor|payload))(?:\/|$)/gm)];
  return made.flatMap(([, path = '']) => MOUNTS.map((mount) => join(mount, path)));
}

/** Removes these cgroups and those below, as far as they are empty. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const inside = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const below = inside
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    // The longest first: a cgroup goes after those below it.
    for (const cgroup of [...below, folder].toSorted((a, b) => b.length - a.length)) {
      await rmdir(cgroup).catch(() => {}); // not there in this hierarchy, or somebody is in it who is not ours
    }
  }
}
