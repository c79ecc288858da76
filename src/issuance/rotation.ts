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
  #flight: Promise<unknown> | undefined;
  #sleeper: AbortController | undefined;
  #nextLook = 0;
  #lastLook = 0;

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
      if (this.#queue.size > 0) await this.#slice();
      else if (this.#flight !== undefined) await this.#land();
      else await this.#sleep();
    }
    signal.removeEventListener('abort', stop);
  }

  #gather(): void {
    const nowMs = this.#deps.clock.now().getTime();
    const wasSetBack = nowMs < this.#lastLook;
    const everything = this.#deps.worldChanged() || wasSetBack;
    this.#lastLook = nowMs;
    if (!everything && nowMs < this.#nextLook) return;
    let next = nowMs + LOOK_MS;
    for (const renewable of this.#deps.held) {
      if (everything || renewable.dueAt <= nowMs) this.#queue.add(renewable);
      else next = Math.min(next, renewable.dueAt);
    }
    this.#nextLook = Math.max(next, nowMs + GATHER_MS);
  }

  /** Begins what fits into a slice while the records of the slice before are written, and no more than that. */
  async #slice(): Promise<void> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const flights: Promise<void>[] = [];
    for (const renewable of this.#queue) {
      this.#queue.delete(renewable);
      const flight = renewable.renew();
      if (flight === undefined) this.noteDue(renewable.dueAt);
      else flights.push(flight.then(() => this.noteDue(renewable.dueAt)));
      if (clock.monotonicMs() - startedMs >= SLICE_MS) break;
    }
    await this.#land();
    if (flights.length > 0) this.#flight = Promise.all(flights);
    await nextTurn();
  }

  /** Waits for what was begun: on a slow disk, a few renewals wait for it, and not all of them. */
  async #land(): Promise<void> {
    await this.#flight;
    this.#flight = undefined;
  }

  async #sleep(): Promise<void> {
    const sleeper = new AbortController();
    this.#sleeper = sleeper;
    const waitMs = this.#nextLook - this.#deps.clock.now().getTime();
    await this.#deps.clock.sleep(Math.max(0, waitMs), sleeper.signal);
    this.#sleeper = undefined;
  }
}
