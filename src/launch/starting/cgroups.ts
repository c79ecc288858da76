import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import type { LaunchCgroup } from '../../instances/launched.js';
import type { CgroupMounts } from '../../measurement/cgroup-mounts.js';
import { parseCgroups, rankedPlaces, UNIFIED, type CgroupPlace } from '../../measurement/cgroup.js';

const PREFIX = 'spoor-';
/** One that is killed is still there for a moment. */
const MAX_PASSES = 100;

/** What came of the wish for a cgroup: the cgroup, or why there is none, a sentence for people. */
export type CgroupOutcome = LaunchCgroup | { readonly failure: string };

/**
 * Makes a cgroup for each launched program, below the daemon's own: whatever the program starts stays in it.
 *
 * Source: cgroups(7); a cgroup without controllers may hold processes beside others below it.
 */
export class LaunchCgroups {
  readonly #mounts: CgroupMounts;

  constructor(mounts: CgroupMounts) {
    this.#mounts = mounts;
  }

  /** In the first hierarchy that lets us: v2, where there is one, then those of v1. */
  make(instance: string): CgroupOutcome {
    const places = rankedPlaces(parseCgroups(readFileSync('/proc/self/cgroup', 'utf8')));
    const failures: string[] = [];
    for (const place of places) {
      const outcome = this.#makeIn(place, instance);
      if (!('failure' in outcome)) return outcome;
      failures.push(outcome.failure);
    }
    return { failure: `no cgroup could be made: ${failures[0] ?? 'the kernel names none of the daemon'}` };
  }

  /** Takes it away. Returns: false while processes are in it. */
  remove({ folder, inode }: LaunchCgroup): boolean {
    if (statSync(folder, { throwIfNoEntry: false })?.ino !== inode) return true;
    try {
      rmdirSync(folder);
      return true;
    } catch {
      return false; // EBUSY: processes, or cgroups that they made
    }
  }

  /** Kills all that is in it, also what makes processes faster than one can look. */
  kill({ folder, hierarchy }: LaunchCgroup): void {
    if (hierarchy === UNIFIED && tryWrite(`${folder}/cgroup.kill`, '1')) return;
    // Whoever has to die makes no more processes: what was made before is met in the next pass.
    for (let pass = 0, pids = processesIn(folder); pass < MAX_PASSES && pids.length > 0; pass++) {
      pids.forEach(killProcess);
      pids = processesIn(folder);
    }
  }

  #makeIn(place: CgroupPlace, instance: string): CgroupOutcome {
    const [above] = this.#mounts.foldersOf(place) ?? [];
    if (above === undefined) return { failure: `${place.hierarchy} is not mounted here` };
    const folder = `${above}/${PREFIX}${instance}`;
    try {
      mkdirSync(folder, 0o755);
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      return { failure: `${folder} (${code})` };
    }
    const path = `${place.path === '/' ? '' : place.path}/${PREFIX}${instance}`;
    return { hierarchy: place.hierarchy, path, folder, inode: statSync(folder).ino };
  }
}

/** The file in which a process enrols itself. */
export function enrolmentFile({ folder }: LaunchCgroup): string {
  return `${folder}/cgroup.procs`;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended by itself.
  }
}

function processesIn(folder: string): readonly number[] {
  try {
    const lines = readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map(Number);
  } catch {
    return []; // gone, and nothing is in it
  }
}

function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false; // before Linux 5.14 there is no such file
  }
}
