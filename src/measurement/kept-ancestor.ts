import { closeSync, openSync, readSync } from 'node:fs';
import type { Digests } from './digests.js';
import { measureExecutable, type Executable } from './executable.js';
import { readExecutionStat, type ExecutionStat } from './execution-stat.js';

/** Longer than the longest stat: 52 numbers of at most 20 digits and a name of at most 64 bytes. */
const STAT_BYTES = 2_048;
/** How long an executable that was measured stands, unless the process executes another before. */
const FRESH_MS = 1_000;

interface Measured {
  readonly executable: Executable | Promise<Executable>;
  readonly by: ExecutionStat;
  readonly atMs: number;
}

/**
 * A process above others, kept by a descriptor of its stat, which names the process and not its number: when the
 * process is gone it cannot be read any more, whoever has the number by then.
 */
export class KeptAncestor implements Disposable {
  readonly pid: number;
  readonly #descriptor: number;
  readonly #bytes = Buffer.allocUnsafe(STAT_BYTES);
  #measured: Measured | undefined;

  private constructor(pid: number, descriptor: number) {
    this.pid = pid;
    this.#descriptor = descriptor;
  }

  /** Returns: undefined when there is no such process, or none that we may see (hidepid). */
  static open(pid: number): KeptAncestor | undefined {
    try {
      return new KeptAncestor(pid, openSync(`/proc/${pid}/stat`, 'r'));
    } catch {
      return undefined; // ENOENT, whichever of the two it means
    }
  }

  /** Looks at it now, about 3 µs; undefined when it is gone. */
  look(): ExecutionStat | undefined {
    try {
      return readExecutionStat(this.#bytes, readSync(this.#descriptor, this.#bytes, 0, STAT_BYTES, 0));
    } catch {
      return undefined; // ESRCH: the process of this descriptor is gone
    }
  }

  /**
   * Its executable, at most a second old.
   *
   * Takes:   `stat`, of a look just now.
   * Returns: undefined when it ended while it was measured: then what was measured may be another's.
   */
  executable(
    stat: ExecutionStat,
    digests: Digests,
    nowMs: number,
  ): Executable | Promise<Executable> | undefined {
    const before = this.#measured;
    if (before !== undefined && nowMs - before.atMs < FRESH_MS && isSameExecution(before.by, stat)) {
      return before.executable;
    }
    const executable = measureExecutable(`/proc/${this.pid}`, digests);
    if (this.look() === undefined) return undefined;
    this.#keep(executable, stat, nowMs);
    return executable;
  }

  #keep(executable: Executable | Promise<Executable>, by: ExecutionStat, atMs: number): void {
    this.#measured = { executable, by, atMs };
    if (!(executable instanceof Promise)) return;
    void executable.then((known) => {
      if (this.#measured?.executable === executable) this.#measured = { executable: known, by, atMs };
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** Addresses are drawn anew at each exec; 0 where they may not be seen. */
function isSameExecution(before: ExecutionStat, now: ExecutionStat): boolean {
  return (
    before.startStack === now.startStack &&
    before.argStart === now.argStart &&
    before.envStart === now.envStart
  );
}
