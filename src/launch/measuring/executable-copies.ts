import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, read as readCallback, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';
import { SpoorError } from '../../core/errors.js';
import type { SealedFiles } from '../../kernel/sealed-file.js';

const read = promisify(readCallback);

/** 256 MB: above every interpreter that is run as an agent. */
export const MAX_COPIED_BYTES = 256 * 1_048_576;
/** Of all copies together; the least recently used goes first. */
const MAX_KEPT_BYTES = 512 * 1_048_576;
/** One step in the event loop: copied and hashed in about a millisecond. */
const CHUNK_BYTES = 1_048_576;

/** A copy that nobody can change. */
export interface SealedCopy {
  /** Lower-case hex. */
  readonly sha256: string;
  /** The caller's own, read-only. */
  readonly descriptor: number;
}

interface Kept {
  readonly sha256: string;
  readonly descriptor: number;
  readonly bytes: number;
}

/**
 * Sealed copies of executables that somebody else than root could change: what was measured is what runs. Kept by the
 * marks of the file, so that a second launch of the same program costs nothing; a copy has the digest of its own bytes, so
 * that a file whose marks were forged is not taken for another.
 */
export class ExecutableCopies implements Disposable {
  readonly #sealed: SealedFiles;
  readonly #kept = new Map<string, Kept>();
  readonly #flights = new Map<string, Promise<void>>();
  /** One at a time: else many launches of files that change would take memory for as many copies at once. */
  #latest: Promise<unknown> = Promise.resolve();
  #bytes = 0;

  constructor(sealed: SealedFiles) {
    this.#sealed = sealed;
  }

  /**
   * Takes:  `descriptor`, open for reading; it must stay open until the promise settles.
   * Errors: LAUNCH_FAILED when the file is too large, or cannot be read or copied.
   */
  async of(descriptor: number, path: string): Promise<SealedCopy> {
    const facts = fstatSync(descriptor, { bigint: true });
    if (facts.size > BigInt(MAX_COPIED_BYTES)) throw tooLarge(path, facts.size);
    const mark = markOf(facts);
    for (;;) {
      const kept = this.#kept.get(mark);
      // In one step: a copy that makes room is closed, and its number may be another file's by then.
      if (kept !== undefined) return this.#lend(mark, kept);
      await this.#copyOnce(mark, descriptor, path);
    }
  }

  [Symbol.dispose](): void {
    for (const { descriptor } of this.#kept.values()) closeSync(descriptor);
    this.#kept.clear();
  }

  #lend(mark: string, kept: Kept): SealedCopy {
    this.#kept.delete(mark);
    this.#kept.set(mark, kept);
    return { sha256: kept.sha256, descriptor: openSync(`/proc/self/fd/${kept.descriptor}`, 'r') };
  }

  #copyOnce(mark: string, descriptor: number, path: string): Promise<void> {
    const flying = this.#flights.get(mark);
    if (flying !== undefined) return flying;
    const flight = this.#latest
      .then(() => this.#copy(descriptor, path))
      .then((kept) => this.#keep(mark, kept))
      .finally(() => this.#flights.delete(mark));
    this.#flights.set(mark, flight);
    // What one copy fails for is nothing to the next.
    this.#latest = flight.catch(() => {});
    return flight;
  }

  async #copy(descriptor: number, path: string): Promise<Kept> {
    using copy = this.#sealed.open('spoor-program');
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await read(descriptor, chunk, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), descriptor: copy.seal(), bytes };
      bytes += bytesRead;
      if (bytes > MAX_COPIED_BYTES) throw tooLarge(path, BigInt(bytes));
      const part = chunk.subarray(0, bytesRead);
      hash.update(part);
      copy.write(part);
    }
  }

  #keep(mark: string, kept: Kept): void {
    this.#kept.set(mark, kept);
    this.#bytes += kept.bytes;
    for (const [oldest, { descriptor, bytes }] of this.#kept) {
      if (this.#bytes <= MAX_KEPT_BYTES || oldest === mark) return;
      this.#kept.delete(oldest);
      this.#bytes -= bytes;
      closeSync(descriptor);
    }
  }
}

function markOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function tooLarge(path: string, bytes: bigint): SpoorError {
  return new SpoorError(
    'LAUNCH_FAILED',
    `${path} could be changed by others than root, and is too large to run from memory: ${bytes} bytes, at most ${MAX_COPIED_BYTES}`,
    { facts: { path } },
  );
}
