import type { Clock } from '../core/clock.js';
import type { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { type Snapshot, SnapshotCell } from '../core/snapshot.js';
import { Backoff } from './backoff.js';
import { callError, isFinal } from './call-error.js';
import type { Followed } from './followed.js';

export interface FollowerDeps<T> {
  /** What is followed, for messages, e.g. `FetchX509SVID`. */
  readonly what: string;
  /** Opens the stream anew. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /** What takes the place of a value when the server says that this workload has no identity any more. */
  readonly withdrawn: T;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/**
 * Holds the newest value of a stream, and opens the stream again whenever it ends.
 *
 * After a stream that had served us at once; otherwise with backoff. Never after INVALID_ARGUMENT and UNIMPLEMENTED.
 * While nobody answers the last good value is kept. PERMISSION_DENIED is an answer: it takes the value away.
 *
 * Source: Workload Endpoint section 6; Workload API sections 4.2, 4.4, 5.2.1 and 7.
 */
export class Follower<T> implements AsyncDisposable {
  readonly #deps: FollowerDeps<T>;
  readonly #cell = new SnapshotCell<Followed<T>>({ kind: 'waiting' });
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #failing = false;

  private constructor(deps: FollowerDeps<T>) {
    this.#deps = deps;
    this.#running = this.#follow(this.#stop.signal);
  }

  /** Begins to follow; the first value may take its time. */
  static start<T>(deps: FollowerDeps<T>): Follower<T> {
    return new Follower(deps);
  }

  get current(): Snapshot<Followed<T>> {
    return this.#cell.current;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Never rejects. */
  async #follow(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(this.#deps);
    while (!signal.aborted) {
      const { served, failure } = await this.#listen(signal);
      if (signal.aborted) return;
      if (failure !== undefined && isFinal(failure)) return this.#end(failure);
      if (failure !== undefined) this.#report(failure);
      const denied = failure?.code === 'IDENTITY_NOT_ISSUED';
      const delayMs = served && !denied ? backoff.afterService() : backoff.afterFailure();
      await this.#deps.clock.sleep(delayMs, signal);
    }
  }

  /** Takes in one stream from its beginning to its end. Never rejects. */
  async #listen(signal: AbortSignal): Promise<{ served: boolean; failure?: SpoorError }> {
    let served = false;
    try {
      for await (const value of this.#deps.open(signal)) {
        served = true;
        this.#failing = false;
        this.#cell.set({ kind: 'held', value });
      }
      return { served };
    } catch (error) {
      return { served, failure: callError(error, this.#deps.what) };
    }
  }

  #report(failure: SpoorError): void {
    const { kind } = this.#cell.current.value;
    const level = this.#failing ? 'debug' : 'warn';
    this.#failing = true;
    this.#deps.log[level]('the Workload API does not serve us; trying again', {
      what: this.#deps.what,
      error: failure,
    });
    if (kind === 'waiting') this.#cell.set({ kind, failure });
    else if (failure.code === 'IDENTITY_NOT_ISSUED') this.#withdraw();
  }

  /** Workload API 5.2.1: the client "SHOULD" stop using what was redacted; said once, not at each further refusal. */
  #withdraw(): void {
    const { value: state } = this.#cell.current;
    if (state.kind !== 'held' || state.value === this.#deps.withdrawn) return;
    this.#cell.set({ kind: 'held', value: this.#deps.withdrawn });
  }

  #end(failure: SpoorError): void {
    const { value: state } = this.#cell.current;
    const last = state.kind === 'held' ? { value: state.value } : {};
    this.#deps.log.error('the Workload API will not serve us; not trying again', {
      what: this.#deps.what,
      error: failure,
    });
    this.#cell.set({ kind: 'ended', failure, ...last });
  }
}
