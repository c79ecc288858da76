/** How often something may happen. */
export interface Rate {
  /** On average. */
  readonly perSecond: number;
  /** At once, after a rest. At least 1. */
  readonly burst: number;
}

/**
 * One token bucket, as one number: the instant at which it will be full again.
 *
 * Source: the generic cell rate algorithm (ITU-T I.371), which is a token bucket without a timer.
 */
export class TokenBucket {
  #fullAtMs = 0;

  /** Takes one token, if there is one. */
  take(rate: Rate, nowMs: number): boolean {
    const costMs = 1000 / rate.perSecond;
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + costMs;
    if (fullAtMs - nowMs > rate.burst * costMs) return false;
    this.#fullAtMs = fullAtMs;
    return true;
  }

  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}

/** Buckets by number, of bounded memory: a full bucket is the same as none and is forgotten. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #limit: number;
  readonly #buckets = new Map<number, TokenBucket>();

  /** `limit` — how many keys are kept; beyond it the one that came first starts anew. */
  constructor(rate: Rate, limit: number) {
    this.#rate = rate;
    this.#limit = limit;
  }

  take(key: number, nowMs: number): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#limit) this.#makeRoom(nowMs);
      bucket = new TokenBucket();
      this.#buckets.set(key, bucket);
    }
    return bucket.take(this.#rate, nowMs);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #makeRoom(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(key);
    if (this.#buckets.size < this.#limit) return;
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
