import { ftruncateSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { RecordEvent, Recorder } from '../core/record.js';
import { findRecords, type RecordLine } from './record-search.js';

const NEWLINE = 0x0a;

interface Pending {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: SpoorError) => void;
}

/**
 * The node's record: one line of JSON for each event, in one file that only grows.
 *
 * All that is appended in one turn of the event loop goes out in one write, so that a thousand SVIDs cost no more
 * waiting than one. A line is kept by the kernel when its `append` resolves: it outlives the daemon, however that ends.
 */
export class RecordFile implements Recorder, AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #clock: Clock;
  #size: number;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;
  #trouble: string | undefined;

  private constructor(file: FileHandle, path: string, size: number, clock: Clock) {
    this.#file = file;
    this.#path = path;
    this.#size = size;
    this.#clock = clock;
  }

  /**
   * Opens the record, or begins one with mode 0600. A line that a crash cut short is closed, and stays.
   *
   * Errors: RECORD_UNWRITABLE.
   */
  static async open(path: string, { clock }: { readonly clock: Clock }): Promise<RecordFile> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'a+', 0o600);
      return new RecordFile(file, path, await startFreshLine(file), clock);
    } catch (cause) {
      await file?.close();
      throw unwritable(path, cause);
    }
  }

  /** The records of the document with this serial, fingerprint or jti; see `findRecords`. */
  static find(path: string, needle: string): AsyncGenerator<RecordLine> {
    return findRecords(path, needle);
  }

  /** Why the last write failed; undefined while all is well. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Errors: RECORD_UNWRITABLE; nothing of this event is then in the file. The next append tries again. */
  append(event: RecordEvent): Promise<void> {
    const line = `${JSON.stringify({ at: this.#clock.now(), ...event })}\n`;
    return new Promise((resolve, reject) => {
      this.#pending.push({ line, resolve, reject });
      if (this.#pending.length === 1) this.#writing = nextTurn().then(() => this.#writeAll());
    });
  }

  /** Writes what is pending, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  /** Never throws: each append hears of its own failure. */
  #writeAll(): void {
    const batch = this.#pending;
    this.#pending = [];
    try {
      this.#write(Buffer.from(batch.map(({ line }) => line).join('')));
      this.#trouble = undefined;
      for (const { resolve } of batch) resolve();
    } catch (cause) {
      const error = unwritable(this.#path, cause);
      this.#trouble = error.message;
      for (const { reject } of batch) reject(error);
    }
  }

  /** In this thread: what goes no further than the kernel's memory takes 2 µs, and 20 µs by way of another thread. */
  #write(bytes: Buffer): void {
    let written = 0;
    try {
      // A disk that fills up takes a part of the bytes first, and only then says so.
      while (written < bytes.length) {
        written += writeSync(this.#file.fd, bytes, written, bytes.length - written);
      }
      this.#size += bytes.length;
    } catch (error) {
      if (written > 0) ftruncateSync(this.#file.fd, this.#size);
      throw error;
    }
  }
}

/** Returns: the size of the file, which then ends with a whole line. */
async function startFreshLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  if (size === 0) return 0;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] === NEWLINE) return size;
  await file.write('\n');
  return size + 1;
}

function unwritable(path: string, cause: unknown): SpoorError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  const message = `the record ${path} cannot be written (${code})`;
  return new SpoorError('RECORD_UNWRITABLE', message, { facts: { path }, cause });
}
