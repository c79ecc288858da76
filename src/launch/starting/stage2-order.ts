import type { Resource } from '../../kernel/process-setup.js';

/**
 * The descriptors of stage 2. The first three stay where they are for the loader of the launched program; without one
 * they are not there.
 */
export const DESCRIPTORS = { script: 3, loader: 4, gate: 5, executable: 6, order: 7, status: 8 } as const;

/** Soft and hard. */
export type Limit = readonly [resource: Resource, soft: number | 'infinity', hard: number | 'infinity'];

/** All that a process has to become before it executes the measured program. Travels as JSON, from the daemon to stage 2. */
export interface Stage2Order {
  /** Files named cgroup.procs, in which it enrols itself. */
  readonly cgroups: readonly string[];
  /** Standard input becomes the controlling terminal. */
  readonly terminal: boolean;
  /** Whether script, loader and gate are there. */
  readonly loaded: boolean;
  readonly limits: readonly Limit[];
  /** Absent in user mode, where the process stays what it is. */
  readonly become?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  /** Tried in turn; the last one has to do. */
  readonly cwd: readonly string[];
  readonly umask: number;
  readonly argv: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
}

/** What stage 2 says before it executes the program; where that succeeds, nothing follows. */
export const READY = 'ready';

/** What it says when it cannot go on. */
export interface Stage2Failure {
  /** For people: which step, and what the kernel said. */
  readonly failure: string;
}
