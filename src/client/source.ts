import type { Clock } from '../core/clock.js';
import type { Snapshot } from '../core/snapshot.js';
import { withDefaults } from './defaults.js';
import { firstValue, updates, valueOf } from './followed.js';
import { Follower } from './follower.js';
import { WorkloadApiClient, type WorkloadApiOptions } from './workload-api-client.js';

const DEFAULT_TIMEOUT_MS = 30_000;

export interface SourceOptions extends WorkloadApiOptions {
  /** Shares one connection between sources; the caller closes it, after them. */
  readonly client?: WorkloadApiClient;
  /** How long the first value may take, with every retry; 30,000 unless said otherwise. */
  readonly timeoutMs?: number;
}

/** Which stream a source follows. */
export interface SourcePlan<T> {
  /** The RPC, for messages. */
  readonly what: string;
  readonly open: (client: WorkloadApiClient, signal: AbortSignal) => AsyncIterable<T>;
  /** What holds when the Workload API says that there is no identity any more. */
  readonly withdrawn: T;
}

/** One stream of the Workload API, kept open and kept up to date. The published sources are made of it. */
export class Source<T> implements AsyncDisposable {
  readonly clock: Clock;
  /** Aborts when the source is closed. */
  readonly closed: AbortSignal;
  readonly #follower: Follower<T>;
  readonly #close: () => Promise<void>;

  private constructor(follower: Follower<T>, clock: Clock, resources: AsyncDisposableStack) {
    const closing = new AbortController();
    resources.defer(() => closing.abort());
    this.clock = clock;
    this.closed = closing.signal;
    this.#follower = follower;
    this.#close = () => resources.disposeAsync();
  }

  /**
   * Follows a stream, and is ready with its first value.
   *
   * Errors: as `firstValue`; ENDPOINT_INVALID. Nothing stays open then.
   */
  static async open<T>(options: SourceOptions, plan: SourcePlan<T>, signal: AbortSignal): Promise<Source<T>> {
    const { clock, random, log } = withDefaults(options);
    const { what, open, withdrawn } = plan;
    await using resources = new AsyncDisposableStack();
    const client = options.client ?? resources.use(WorkloadApiClient.open(options));
    const follower = resources.use(
      Follower.start({ what, open: (stop) => open(client, stop), withdrawn, clock, random, log }),
    );
    await firstValue(follower, { what, clock, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS }, signal);
    return new Source(follower, clock, resources.move());
  }

  /** The newest value, and the promise of a newer one. The last good one while nobody answers, and after the end. */
  get snapshot(): Snapshot<T> {
    const { current } = this.#follower;
    return {
      value: valueOf(current.value),
      get replaced() {
        return current.replaced;
      },
      onReplaced: (listener) => current.onReplaced(listener),
    };
  }

  /** As `updates` of followed.ts; ends also when the source is closed. */
  updates(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    return updates(this.#follower, AbortSignal.any([signal, this.closed]));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}
