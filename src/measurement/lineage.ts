import { closeSync, openSync, readSync } from 'node:fs';
import { readExecutionStat } from './execution-stat.js';

/** Further up nobody looks: a line this long is made to hide where it begins. */
export const MAX_GENERATIONS = 1_024;
/** A line that changes while it is followed is followed anew, so often. */
const ATTEMPTS = 8;
const STAT_BYTES = 2_048;
/** Of a process that has ended, or that we are not to see (hidepid). Anything else is no answer. */
const NOT_SEEN = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

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
 * Errors:  those of node:fs when it cannot be looked, such as EMFILE.
 * Source:  proc_pid_stat(5).
 */
export function lineageOf(folder: string): readonly Born[] | 'unclear' {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const line = climb(folder);
    if (line !== undefined) return line;
  }
  return 'unclear';
}

/** Whether that process is still there, and not only its number. A zombie is not; one that cannot be looked at is. */
export function isAlive({ pid, startTicks }: Born): boolean {
  try {
    using file = StatFile.open(`/proc/${pid}`);
    const seen = file.look();
    return seen !== undefined && !seen.exited && seen.startTicks === startTicks;
  } catch {
    return true; // EMFILE: there is a next time
  }
}

interface Seen {
  readonly exited: boolean;
  readonly parentPid: number;
  readonly startTicks: number;
}

/** Undefined when a link did not hold, or the line is too long. */
function climb(folder: string): readonly Born[] | undefined {
  const line: Born[] = [];
  let at = StatFile.open(folder);
  try {
    let child = at.look();
    while (child !== undefined && child.parentPid !== 0) {
      const pid = child.parentPid;
      using below = at;
      at = StatFile.open(`/proc/${pid}`);
      const parent = at.look();
      if (below.look()?.parentPid !== pid) return undefined;
      // Not to be seen: above it nothing can be said.
      if (parent === undefined) return line;
      if (parent.startTicks > child.startTicks || line.length === MAX_GENERATIONS) return undefined;
      line.push({ pid, startTicks: parent.startTicks });
      child = parent;
    }
    return line;
  } finally {
    at[Symbol.dispose]();
  }
}

/** The stat file of one process, held open: it names the process and not its number, and a second look costs one read. */
class StatFile implements Disposable {
  readonly #bytes = Buffer.allocUnsafe(STAT_BYTES);
  #descriptor: number | undefined;

  private constructor(descriptor: number | undefined) {
    this.#descriptor = descriptor;
  }

  static open(folder: string): StatFile {
    return new StatFile(unlessNotSeen(() => openSync(`${folder}/stat`, 'r')));
  }

  /** Undefined when the process is gone, or not for us to see. */
  look(): Seen | undefined {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return undefined;
    return unlessNotSeen(() =>
      readExecutionStat(this.#bytes, readSync(descriptor, this.#bytes, 0, STAT_BYTES, 0)),
    );
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function unlessNotSeen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (NOT_SEEN.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
