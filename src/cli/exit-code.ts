import type { Kind } from '../core/errors.js';

/** What a command ends with when it could not do what it was asked: who must act, as a number for scripts. */
export const EXIT_CODES: Readonly<Record<Kind, number>> = {
  bug: 1,
  caller: 2,
  operator: 3,
  workload: 4,
  wait: 5,
};

/** Every exit code of `spoor`, 0 for success. */
export type ExitCode = number;
