import { readFileSync, readlinkSync } from 'node:fs';
import { statusNumber } from './status.js';

/** The namespaces in which a caller has to be where the daemon is. */
const NAMESPACES = ['user', 'mnt', 'pid', 'net', 'cgroup', 'ipc'] as const;
type Namespace = (typeof NAMESPACES)[number];

/** How far a process is kept from the rest of the machine. */
export interface Confinement {
  /** As the kernel names them, e.g. `mnt:[4026531841]`; undefined where it may not be seen. */
  readonly namespaces: Readonly<Record<Namespace, string | undefined>>;
  /** Its root folder as seen from here: `/` unless it is changed. */
  readonly root: string | undefined;
  readonly noNewPrivileges: boolean;
  /** 0: none, 1: strict, 2: filters. */
  readonly seccompMode: number;
  readonly seccompFilters: number;
}

/**
 * Reads the confinement of a process.
 *
 * Takes:  `folder`, e.g. `/proc/self/fd/31`.
 * Errors: those of node:fs when the process is gone.
 * Source: namespaces(7), seccomp(2), proc_pid_root(5), proc_pid_status(5).
 */
export function readConfinement(folder: string): Confinement {
  const status = readFileSync(`${folder}/status`, 'utf8');
  const namespaces = NAMESPACES.map((name) => [name, linkAt(`${folder}/ns/${name}`)]);
  return {
    namespaces: Object.fromEntries(namespaces) as Confinement['namespaces'],
    root: linkAt(`${folder}/root`),
    noNewPrivileges: statusNumber(status, 'NoNewPrivs', 0) !== 0,
    seccompMode: statusNumber(status, 'Seccomp', 0),
    // Since Linux 5.9; before, the mode alone has to do.
    seccompFilters: status.includes('\nSeccomp_filters:') ? statusNumber(status, 'Seccomp_filters', 0) : 0,
  };
}

/**
 * Why a process is more confined than another one, in one sentence; undefined when it is not.
 *
 * What cannot be seen counts as different: whoever hides it may hide a sandbox.
 */
export function moreConfined(process: Confinement, than: Confinement): string | undefined {
  const apart = NAMESPACES.find((name) => !isSame(process.namespaces[name], than.namespaces[name]));
  if (apart !== undefined) return `it is in another ${apart} namespace than the daemon`;
  if (!isSame(process.root, than.root)) return 'its root folder is not that of the daemon';
  if (process.noNewPrivileges && !than.noNewPrivileges) {
    return 'it may gain no new privileges (no_new_privs), and the daemon may';
  }
  if (process.seccompMode > than.seccompMode) return 'it is in a seccomp sandbox, and the daemon is not';
  if (process.seccompFilters > than.seccompFilters) {
    const { seccompFilters: filters } = process;
    return `it has ${filters} seccomp ${filters === 1 ? 'filter' : 'filters'}, and the daemon has ${than.seccompFilters}`;
  }
  return undefined;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one === other;
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}
