import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';

/** How long one turn of the event loop may be kept for renewals (decision 8). */
const SLICE_MS = 2;
/** Renewals that fall due within this are done together; none is late by more. */
const GATHER_MS = 50;
/** Longest sleep: a clock that was set forward or back is noticed after this. */
const LOOK_MS = 30_000;

/** Something that is renewed by itself while it is held. */
export interface Renewable {
  /** Milliseconds since 1970. */
  readonly dueAt: number;
  /** Undefined when it is done; else a promise that never rejects. */
  renew(): Promise<void> | undefined;
}

export interface RotationDeps {
  readonly held: Iterable<Renewable>;
  readonly clock: Clock;
  /** True once each time that the world has changed, so that everything is to be looked at. */
  readonly worldChanged: () => boolean;
}

/** Renews what is held when it is due or when something changed, in slices, so that no caller waits for a wave. */
export class Rotation {
  readonly #deps: RotationDeps;
  readonly #queue = new Set<Renewable>();
  #sleeper: AbortController | undefined;
  #nextLook = 0;

  constructor(deps: RotationDeps) {
    this.#deps = deps;
  }

  /** Has one renewed as soon as may be. */
  enqueue(renewable: Renewable): void {
    this.#queue.add(renewable);
    this.wake();
  }

  /** Has the sleep cut short when something is due before its end. */
  noteDue(dueAt: number): void {
    if (dueAt >= this.#nextLook) return;
    this.#nextLook = dueAt;
    this.wake();
  }

  wake(): void {
    this.#sleeper?.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.wake();
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      this.#gather();
      if (this.#queue.size === 0) await this.#sleep();
      else await this.#slice();
    }
    signal.removeEventListener('abort', stop);
  }

  #gather(): void {
    const everything = this.#deps.worldChanged();
    const nowMs = this.#deps.clock.now().getTime();
    if (!everything && nowMs < this.#nextLook) return;
    let next = nowMs + LOOK_MS;
    for (const renewable of this.#deps.held) {
      if (everything || renewable.dueAt <= nowMs) this.#queue.add(renewable);
      else next = Math.min(next, renewable.dueAt);
    }
    this.#nextLook = Math.max(next, nowMs + GATHER_MS);
  }

  async #slice(): Promise<void> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const taken: Renewable[] = [];
    const flights: Promise<void>[] = [];
    for (const renewable of this.#queue) {
      this.#queue.delete(renewable);
      taken.push(renewable);
      const flight = renewable.renew();
      if (flight !== undefined) flights.push(flight);
      if (clock.monotonicMs() - startedMs >= SLICE_MS) break;
    }
    // Their streams write as soon as the records are on disk: to wait here keeps a turn short.
    await Promise.all(flights);
    this.#nextLook = taken.reduce((next, { dueAt }) => Math.min(next, dueAt), this.#nextLook);
    await nextTurn();
  }

  async #sleep(): Promise<void> {
    const sleeper = new AbortController();
    this.#sleeper = sleeper;
    const waitMs = this.#nextLook - this.#deps.clock.now().getTime();
    await this.#deps.clock.sleep(Math.max(0, waitMs), sleeper.signal);
    this.#sleeper = undefined;
  }
}
