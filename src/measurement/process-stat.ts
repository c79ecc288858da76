import { SpoorError } from '../core/errors.js';

/** Who started a process, and when: together they tell one process from another with the same number. */
export interface ProcessStat {
  readonly parentPid: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

const PARENT_FIELD = 4;
const START_FIELD = 22;
/** Fields 1 and 2, the number and the name, stand before the last parenthesis. */
const FIRST_AFTER_NAME = 3;

/**
 * Reads the text of /proc/PID/stat.
 *
 * The name stands between parentheses and may itself hold parentheses, spaces and newlines, so the fields
 * are counted from the last closing one.
 *
 * Errors: INVARIANT_BROKEN when the text is not one of stat.
 * Source: proc_pid_stat(5), fields 4 and 22.
 */
export function parseProcessStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', START_FIELD - FIRST_AFTER_NAME + 1);
  const parentPid = Number(fields[PARENT_FIELD - FIRST_AFTER_NAME]);
  const startTicks = Number(fields[START_FIELD - FIRST_AFTER_NAME]);
  if (Number.isSafeInteger(parentPid) && Number.isSafeInteger(startTicks)) return { parentPid, startTicks };
  throw new SpoorError('INVARIANT_BROKEN', 'the text of /proc/PID/stat has not the fields it is known for');
}
