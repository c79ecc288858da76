import { fstatSync, type BigIntStats } from 'node:fs';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import { DigestWorker } from './digest-worker-host.js';

/** 1 GiB: the largest programs that are run as agents (browsers, language models' servers) are below it. */
export const MAX_HASHED_BYTES = 1_073_741_824;
/** Digests that are remembered; the least recently used goes first. */
export const MAX_REMEMBERED_DIGESTS = 4_096;
/** Files of one owner that may wait to be hashed at one time; each holds a descriptor. */
export const MAX_WAITING_PER_OWNER = 256;
/**
 * A file that changed less than this before it was looked at is hashed but not remembered: within one tick of
 * the file system's clock a second change would leave the same times behind.
 */
const SETTLED_MS = 2_000;

export interface DigestDeps {
  readonly clock: Clock;
  /** Largest file that is hashed. */
  readonly maxBytes?: number;
  /** How many digests are remembered. */
  readonly maxRemembered?: number;
}

/**
 * SHA-256 of opened files, computed off the event loop and remembered by device, inode, size, mtime and ctime.
 *
 * A known file is answered at once, without a promise. Every other file is read by one worker thread, which
 * starts when it is first needed and goes away when it has been idle; one flight per file, and the owners of
 * files take turns, so that nobody's programs wait behind those of another user.
 */
export class Digests implements AsyncDisposable {
  readonly #deps: DigestDeps;
  readonly #worker: DigestWorker;
  readonly #remembered = new Map<string, string>();
  readonly #flights = new Map<string, Promise<string>>();
  readonly #waiting = new Map<bigint, number>();

  constructor(deps: DigestDeps) {
    this.#deps = deps;
    this.#worker = new DigestWorker(deps.clock);
  }

  /**
   * The digest of an opened file, in lower-case hex.
   *
   * Takes:   `descriptor`, open for reading; it must stay open until the promise settles. `facts`, of fstat on it.
   * Returns: the digest itself when it is known, else a promise.
   * Errors:  ATTESTATION_FAILED, thrown or rejected: larger than the limit, changed while it was read, unreadable,
   *          too many files of its owner waiting.
   */
  sha256Of(descriptor: number, facts: BigIntStats): string | Promise<string> {
    const key = keyOf(facts);
    return this.#recall(key) ?? this.#flights.get(key) ?? this.#begin(descriptor, facts, key);
  }

  /** What is remembered now, by marks that are another file's as soon as the file changes. */
  remembered(): ReadonlyMap<string, string> {
    return new Map(this.#remembered);
  }

  /** Remembers what an earlier daemon knew. */
  recall(digests: ReadonlyMap<string, string>): void {
    for (const [mark, digest] of digests) this.#remember(mark, digest);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#worker[Symbol.asyncDispose]();
  }

  #recall(key: string): string | undefined {
    const digest = this.#remembered.get(key);
    if (digest === undefined) return undefined;
    this.#remembered.delete(key);
    this.#remembered.set(key, digest);
    return digest;
  }

  #begin(descriptor: number, facts: BigIntStats, key: string): Promise<string> {
    const { maxBytes = MAX_HASHED_BYTES } = this.#deps;
    if (facts.size > BigInt(maxBytes)) {
      throw failed(`the file has ${facts.size} bytes, at most ${maxBytes} are hashed`);
    }
    const waiting = this.#waiting.get(facts.uid) ?? 0;
    if (waiting >= MAX_WAITING_PER_OWNER) {
      throw failed(`${waiting} files of uid ${facts.uid} already wait to be hashed`);
    }
    this.#waiting.set(facts.uid, waiting + 1);
    const flight = this.#hash(descriptor, facts, key).finally(() => {
      this.#flights.delete(key);
      this.#leave(facts.uid);
    });
    this.#flights.set(key, flight);
    return flight;
  }

  async #hash(descriptor: number, facts: BigIntStats, key: string): Promise<string> {
    const settled = this.#deps.clock.now().getTime() - Number(facts.ctimeMs) >= SETTLED_MS;
    const digest = await this.#worker.sha256(descriptor, Number(facts.size), facts.uid.toString());
    if (keyOf(fstatSync(descriptor, { bigint: true })) !== key) {
      throw failed('the file changed while it was read');
    }
    if (settled) this.#remember(key, digest);
    return digest;
  }

  #remember(key: string, digest: string): void {
    this.#remembered.set(key, digest);
    const { maxRemembered = MAX_REMEMBERED_DIGESTS } = this.#deps;
    if (this.#remembered.size <= maxRemembered) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  #leave(owner: bigint): void {
    const waiting = (this.#waiting.get(owner) ?? 1) - 1;
    if (waiting === 0) this.#waiting.delete(owner);
    else this.#waiting.set(owner, waiting);
  }
}

function keyOf(facts: BigIntStats): string {
  return `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}:${facts.ctimeNs}`;
}

function failed(why: string): SpoorError {
  return new SpoorError('ATTESTATION_FAILED', `no digest: ${why}`);
}
