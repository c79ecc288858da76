import { statSync, type Stats } from 'node:fs';
import type { Clock } from '../core/clock.js';
import type { CgroupMounts } from './cgroup-mounts.js';
import { UNIFIED, type CgroupPlace } from './cgroup.js';

/** Deeper nobody looks: then nothing is said about it. */
const MAX_CGROUP_DEPTH = 64;
/** How long an answer stands, and how many of them. */
const FRESH_MS = 1_000;
const MAX_REMEMBERED = 1_024;
const GROUP_OR_OTHER_WRITE = 0o022;
const OTHER_WRITE = 0o002;
/** These decide who moves processes and threads; the folder, who makes and renames cgroups. */
const UNIFIED_FILES = ['cgroup.procs', 'cgroup.threads'];
const V1_FILES = ['cgroup.procs', 'tasks'];

export interface CgroupOwnersDeps {
  readonly mounts: CgroupMounts;
  readonly clock: Clock;
}

/** Who can put processes where they like in the cgroups. */
export class CgroupOwners {
  readonly #deps: CgroupOwnersDeps;
  readonly #remembered = new Map<string, { readonly delegated: boolean; readonly atMs: number }>();

  constructor(deps: CgroupOwnersDeps) {
    this.#deps = deps;
  }

  /**
   * Whether a place in the cgroups can be the work of anybody else than root.
   *
   * It can when the cgroup, or any one above it, belongs to another uid than 0 or lets another write. Any foreign
   * owner counts: in v2 it can move the processes of others below what was delegated to it.
   *
   * Returns: an answer at most a second old; undefined when it cannot be seen: not mounted here, outside of our
   *          cgroup namespace, too deep, or gone.
   * Source:  cgroups(7), section "Cgroups delegation"; kernel documentation, cgroup-v2, "Delegation Containment".
   */
  isDelegated(place: CgroupPlace): boolean | undefined {
    const key = `${place.hierarchy} ${place.path}`;
    const now = this.#deps.clock.monotonicMs();
    const known = this.#remembered.get(key);
    if (known !== undefined && now - known.atMs < FRESH_MS) return known.delegated;
    const delegated = this.#look(place);
    this.#remembered.delete(key);
    if (delegated !== undefined) this.#remember(key, delegated, now);
    return delegated;
  }

  #look(place: CgroupPlace): boolean | undefined {
    const folders = this.#deps.mounts.foldersOf(place);
    if (folders === undefined || folders.length > MAX_CGROUP_DEPTH) return undefined;
    const files = place.hierarchy === UNIFIED ? UNIFIED_FILES : V1_FILES;
    try {
      return folders.some((folder) => {
        return isWritable(statSync(folder)) || files.some((file) => isFileWritable(`${folder}/${file}`));
      });
    } catch {
      // ENOENT: the cgroup is gone, or the hierarchy is mounted elsewhere by now.
      this.#deps.mounts.forget();
      return undefined;
    }
  }

  #remember(key: string, delegated: boolean, atMs: number): void {
    this.#remembered.set(key, { delegated, atMs });
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/** Beyond root. Group 0 may write: who is in it is as good as root. Any other group may hold another process of the uid. */
function isWritable({ uid, gid, mode }: Stats): boolean {
  return uid !== 0 || (mode & (gid === 0 ? OTHER_WRITE : GROUP_OR_OTHER_WRITE)) !== 0;
}

function isFileWritable(file: string): boolean {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts !== undefined && isWritable(facts);
}
