import { readSync, writeSync } from 'node:fs';
import type { ReadinessSet } from '../../kernel/readiness.js';

/** A terminal gives four kilobytes at a time. */
const PIECE_BYTES = 65_536;

/**
 * Carries bytes from one descriptor to another as they come, and reads no further piece before the last one is written:
 * what a reader does not take, the writer feels.
 *
 * Whoever no longer takes anything is written to no more; what comes is then dropped, so that nobody hangs for it.
 */
export class Pump implements Disposable {
  readonly #readiness: ReadinessSet;
  readonly #from: number;
  readonly #to: number;
  readonly #buffer = Buffer.allocUnsafe(PIECE_BYTES);
  #left: Buffer = this.#buffer.subarray(0, 0);
  #broken = false;
  #ended = false;
  #drained: (() => void) | undefined;

  constructor(readiness: ReadinessSet, from: number, to: number) {
    this.#readiness = readiness;
    this.#from = from;
    this.#to = to;
  }

  start(): void {
    this.#readiness.add(this.#from, () => this.#step());
  }

  /** Carries what is there, and resolves when there is no more of it at the moment. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = () => setImmediate(resolve);
      if (this.#left.length === 0) this.#step();
    });
  }

  /** Carries nothing more. */
  [Symbol.dispose](): void {
    this.#readiness.delete(this.#from);
    this.#readiness.delete(this.#to);
    this.#ended = true;
    this.#left = this.#buffer.subarray(0, 0);
    this.#drained?.();
  }

  /** One piece when it is ready; all that there is when it is the last. */
  #step(): void {
    do {
      if (this.#ended || !this.#read()) return this.#drained?.();
      if (!this.#write()) return this.#waitForRoom();
    } while (this.#drained !== undefined);
  }

  /** Returns whether there was something. */
  #read(): boolean {
    try {
      const count = readSync(this.#from, this.#buffer);
      this.#left = this.#buffer.subarray(0, count);
      if (count === 0) this.#end();
      return count > 0;
    } catch (error) {
      // EIO: the terminal is closed at its other end.
      if (!isLater(error)) this.#end();
      return false;
    }
  }

  /** Returns whether all of it went out. */
  #write(): boolean {
    try {
      while (this.#left.length > 0 && !this.#broken) {
        this.#left = this.#left.subarray(writeSync(this.#to, this.#left));
      }
    } catch (error) {
      if (isLater(error)) return false;
      this.#broken = true;
    }
    this.#left = this.#buffer.subarray(0, 0);
    return true;
  }

  #waitForRoom(): void {
    this.#readiness.delete(this.#from);
    this.#readiness.addWriter(this.#to, () => {
      if (!this.#write()) return;
      this.#readiness.delete(this.#to);
      if (!this.#ended) this.start();
      if (this.#drained !== undefined) this.#step();
    });
  }

  #end(): void {
    this.#ended = true;
    this.#readiness.delete(this.#from);
  }
}

function isLater(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAGAIN' || code === 'EINTR';
}
