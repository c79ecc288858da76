/** What a later look at a process found: still what it was, another program or user by now, or no longer there. */
export type Standing = 'same' | 'changed' | 'gone';

/**
 * One process as the kernel showed it when it was first measured, with descriptors kept open so that
 * the number cannot be reused under us. Two executions of one pid are two of these.
 */
export interface MeasuredProcess {
  readonly pid: number;
  /** Effective uid and gid, from the peer's credentials. */
  readonly uid: number;
  readonly gid: number;
  /** Clock ticks since boot: proc_pid_stat(5), field 22. */
  readonly startTicks: number;
  /** True when its user namespace is not the daemon's: then only uid and cgroup are known of it (decision 2). */
  readonly foreignUserNamespace: boolean;
  /**
   * Its folder of /proc through a kept descriptor (`/proc/self/fd/31`): what is read below it is of this
   * process or fails, and never of a later process with the same number.
   */
  readonly folder: string;
  /** Looks again, about 3 µs: stat, address space, executable. Never throws. */
  standing(): Standing;
}
