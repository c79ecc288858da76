import { statSync, type Stats } from 'node:fs';
import { UNIFIED, type CgroupPlace } from './cgroup.js';
import type { CgroupMounts } from './cgroup-mounts.js';

/** Deeper nobody looks: then nothing is said about it. */
const MAX_CGROUP_DEPTH = 64;
const GROUP_OR_OTHER_WRITE = 0o022;
const OTHER_WRITE = 0o002;
/** These decide who moves processes and threads; the folder, who makes and renames cgroups. */
const UNIFIED_FILES = ['cgroup.procs', 'cgroup.threads'];
const V1_FILES = ['cgroup.procs', 'tasks'];

/** Capabilities with which a process that is not root writes root's files or becomes root; capabilities(7). */
const MIGHTY =
  (1n << 0n) | // CAP_CHOWN
  (1n << 1n) | // CAP_DAC_OVERRIDE
  (1n << 3n) | // CAP_FOWNER
  (1n << 7n) | // CAP_SETUID
  (1n << 19n) | // CAP_SYS_PTRACE
  (1n << 21n); // CAP_SYS_ADMIN

/** The user of a process, as far as it matters to what it may write. */
export interface Writer {
  readonly uid: number;
  /** Permitted capabilities in the daemon's user namespace. */
  readonly capabilities: bigint;
}

/**
 * Whether the place of a process in the cgroups could be the work of its own uid, or of anybody else but root.
 *
 * It is so when the uid is 0 or has capabilities of root, or when the cgroup, or any one above it, belongs to
 * another uid than 0 or lets another write. A foreign owner counts whoever it is: in v2 it can move the
 * processes of others below what was delegated to it.
 *
 * Returns: undefined when that cannot be seen: not mounted here, outside of our cgroup namespace, too deep, or gone.
 * Source:  cgroups(7), section "Cgroups delegation"; kernel documentation, cgroup-v2, "Delegation Containment".
 */
export function isCgroupWritable(
  place: CgroupPlace,
  writer: Writer,
  mounts: CgroupMounts,
): boolean | undefined {
  if (writer.uid === 0 || (writer.capabilities & MIGHTY) !== 0n) return true;
  const folders = mounts.foldersOf(place);
  if (folders === undefined || folders.length > MAX_CGROUP_DEPTH) return undefined;
  try {
    const files = place.hierarchy === UNIFIED ? UNIFIED_FILES : V1_FILES;
    return folders.some(
      (folder) =>
        isWritableBeyondRoot(statSync(folder)) || files.some((file) => isFileDelegated(`${folder}/${file}`)),
    );
  } catch {
    mounts.forget(); // ENOENT: the cgroup is gone, or it was mounted elsewhere in the meantime
    return undefined;
  }
}

/** Group 0 may write: who is in it is as good as root. Any other group may hold another process of the uid. */
function isWritableBeyondRoot({ uid, gid, mode }: Stats): boolean {
  return uid !== 0 || (mode & (gid === 0 ? OTHER_WRITE : GROUP_OR_OTHER_WRITE)) !== 0;
}

function isFileDelegated(file: string): boolean {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts !== undefined && isWritableBeyondRoot(facts);
}
