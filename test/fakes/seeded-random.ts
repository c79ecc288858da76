/** Numbers that look random and are the same in every run (mulberry32), so that a failure can be seen again. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform among 0 … limit - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)] as T;
  }

  /** `bytes` with one to four of them changed, dropped, doubled or cut off at the end. */
  damage(bytes: Uint8Array): Buffer {
    let damaged = Buffer.from(bytes);
    for (let times = 1 + this.below(4); times > 0; times -= 1) {
      const at = this.below(damaged.length + 1);
      const [before, from, after] = [
        damaged.subarray(0, at),
        damaged.subarray(at, at + 1),
        damaged.subarray(at + 1),
      ];
      const one = Buffer.from([this.below(256)]);
      damaged = this.pick([
        () => Buffer.concat([before, one, after]),
        () => Buffer.concat([before, after]),
        () => Buffer.concat([before, from, from, after]),
        () => Buffer.from(before),
      ])();
    }
    return damaged;
  }
}
