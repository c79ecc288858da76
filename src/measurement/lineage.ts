import { readFileSync } from 'node:fs';
import { readExecutionStat } from './execution-stat.js';

/** Further up nobody looks: a line this long is made to hide where it begins. */
export const MAX_GENERATIONS = 1_024;
/** A line that changes while it is followed is followed anew, so often. */
const ATTEMPTS = 8;

/** One process, told from every later one with its number. */
export interface Born {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

/**
 * The processes above one process, parent first, up to the first of the pid namespace. Only who they are: what they run
 * is not looked at, so that a long line costs little.
 *
 * A link counts when the child still names the parent after the parent was looked at: no process gets a parent back
 * that it has lost.
 *
 * Takes:   `folder` of the process, e.g. `/proc/self/fd/31`.
 * Returns: 'unclear' when the line is too long, or did not hold still.
 * Source:  proc_pid_stat(5).
 */
export function lineageOf(folder: string): readonly Born[] | 'unclear' {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const line = climb(folder);
    if (line !== undefined) return line;
  }
  return 'unclear';
}

/** Whether that process is still there, and not only its number. A zombie is not. */
export function isAlive({ pid, startTicks }: Born): boolean {
  const seen = look(`/proc/${pid}`);
  return seen !== undefined && !seen.exited && seen.startTicks === startTicks;
}

interface Seen {
  readonly exited: boolean;
  readonly parentPid: number;
  readonly startTicks: number;
}

/** Undefined when a link did not hold, or the line is too long. */
function climb(folder: string): readonly Born[] | undefined {
  const line: Born[] = [];
  let at = folder;
  let child = look(at);
  while (child !== undefined && child.parentPid !== 0) {
    const pid = child.parentPid;
    const parentFolder = `/proc/${pid}`;
    const parent = look(parentFolder);
    if (look(at)?.parentPid !== pid) return undefined;
    // Not to be seen (hidepid): above it nothing can be said.
    if (parent === undefined) return line;
    if (parent.startTicks > child.startTicks || line.length === MAX_GENERATIONS) return undefined;
    line.push({ pid, startTicks: parent.startTicks });
    [at, child] = [parentFolder, parent];
  }
  return line;
}

function look(folder: string): Seen | undefined {
  try {
    const bytes = readFileSync(`${folder}/stat`);
    return readExecutionStat(bytes, bytes.length);
  } catch {
    // ENOENT and ESRCH: gone, or not for us to see.
    return undefined;
  }
}
