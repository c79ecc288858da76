import { closeSync, openSync, readSync } from 'node:fs';
import { readExecutionStat, type ExecutionStat } from './execution-stat.js';

/** Descriptors that are kept. Most processes of a node have the same few ancestors. */
const MAX_KEPT = 128;
/** Longer than the longest stat: 52 numbers of at most 20 digits and a name of at most 64 bytes. */
const STAT_BYTES = 2_048;

/**
 * Reads /proc/PID/stat again and again through kept descriptors, at a sixth of the cost of opening it each time.
 *
 * A kept descriptor names the process and not its number: when the process is gone the read fails, the descriptor
 * is given up, and the number is opened anew.
 */
export class KeptStats implements Disposable {
  readonly #kept = new Map<number, number>();
  readonly #bytes = Buffer.allocUnsafeSlow(STAT_BYTES);

  /**
   * Who started the process that has this number now.
   *
   * Returns: undefined when there is none, or it is hidden (hidepid).
   */
  read(pid: number): ExecutionStat | undefined {
    const kept = this.#kept.get(pid);
    if (kept !== undefined) {
      const stat = this.#readAt(kept);
      if (stat !== undefined) return this.#used(pid, kept, stat);
      this.#giveUp(pid, kept);
    }
    const opened = openStat(pid);
    if (opened === undefined) return undefined;
    const stat = this.#readAt(opened);
    if (stat !== undefined) return this.#used(pid, opened, stat);
    closeSync(opened);
    return undefined;
  }

  [Symbol.dispose](): void {
    for (const [pid, descriptor] of this.#kept) this.#giveUp(pid, descriptor);
  }

  #used(pid: number, descriptor: number, stat: ExecutionStat): ExecutionStat {
    this.#kept.delete(pid);
    this.#kept.set(pid, descriptor);
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept;
      if (oldest !== undefined) this.#giveUp(...oldest);
    }
    return stat;
  }

  #giveUp(pid: number, descriptor: number): void {
    this.#kept.delete(pid);
    closeSync(descriptor);
  }

  #readAt(descriptor: number): ExecutionStat | undefined {
    try {
      return readExecutionStat(this.#bytes, readSync(descriptor, this.#bytes, 0, STAT_BYTES, 0));
    } catch {
      return undefined; // ESRCH: the process of this descriptor is gone
    }
  }
}

function openStat(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/stat`, 'r');
  } catch {
    return undefined; // ENOENT: no such process, or none that we may see
  }
}
