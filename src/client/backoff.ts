import type { Clock } from '../core/clock.js';

const FIRST_MS = 100;
const MAX_MS = 10_000;
/** At most one reconnect without delay in this time, however often a server hangs up. */
const HURRY_EVERY_MS = 1_000;

/**
 * When to try again.
 *
 * After a stream that had served us: at once, since either side may close at any time (Workload API 4.2), but at most
 * once a second. Otherwise 100 ms, doubled at each failure up to 10 s, less up to half of it at random.
 */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #hurriedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: { readonly clock: Clock; readonly random: () => number }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** Milliseconds to wait after a failure. */
  afterFailure(): number {
    const full = Math.min(MAX_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return full - (full / 2) * this.#random();
  }

  /** Milliseconds to wait after a stream that had served us has ended. */
  afterService(): number {
    const now = this.#clock.monotonicMs();
    if (now - this.#hurriedMs < HURRY_EVERY_MS) return this.afterFailure();
    this.#hurriedMs = now;
    this.#failures = 0;
    return 0;
  }
}
