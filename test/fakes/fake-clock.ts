import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.js';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. No test ever waits for real time. */
export class FakeClock implements Clock {
  #now: number;
  #jumpedMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now + this.#jumpedMs);
  }

  monotonicMs(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || ms <= 0) return resolve();
      const sleeper = { wakeAt: this.#now + ms, wake: (): void => wake() };
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', wake);
    });
  }

  /** In how many places the code under test is asleep. */
  get asleep(): number {
    return this.#sleepers.length;
  }

  /** Waits until the code under test is asleep again, in `asleep` places, then says when it will wake. */
  async nextWake(asleep = 1): Promise<Date> {
    while (this.#sleepers.length < asleep) await nextTurn();
    return new Date(Math.min(...this.#sleepers.map((sleeper) => sleeper.wakeAt)) + this.#jumpedMs);
  }

  /** Moves time forward and wakes whoever is due. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleeper of this.#sleepers.filter(({ wakeAt }) => wakeAt <= this.#now)) sleeper.wake();
    await nextTurn();
  }

  /** Sets the wall clock forward or back, as an operator or NTP does. Who is asleep does not notice. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }
}
