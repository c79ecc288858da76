import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where machines, images and what they start from are made: on a disk, below folders that everybody may enter. */
export const WORKSHOP = '/var/tmp';

const OWNED = /^spoor-test-(?:machine|images|making)-(\d+)-/;

/** Makes a folder that ordinary users may enter, and that says whose it is. */
export async function makeFolder(kind: 'machine' | 'images' | 'making'): Promise<string> {
  const folder = await mkdtemp(join(WORKSHOP, `spoor-test-${kind}-${process.pid}-`));
  await chmod(folder, 0o755);
  return folder;
}

/** Removes the folders of processes that ended before they could do so themselves. */
export async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(WORKSHOP)) {
    const [, owner] = OWNED.exec(name) ?? [];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    await rm(join(WORKSHOP, name), { recursive: true, force: true });
  }
}
