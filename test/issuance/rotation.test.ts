import { describe, expect, it } from 'vitest';
import { Rotation, type Renewable } from '../../src/issuance/rotation.js';
import { FakeClock } from '../fakes/fake-clock.js';

/** A renewal that keeps the processor busy for as long as it says, and is due again a minute later. */
class BusyRenewable implements Renewable {
  dueAt: number;
  renewed = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, dueAt: number) {
    this.#clock = clock;
    this.dueAt = dueAt;
  }

  renew(): undefined {
    this.renewed += 1;
    this.dueAt = this.#clock.now().getTime() + 60_000;
  }
}

/** A clock on which every look at the time costs a millisecond: work takes time here. */
class BusyClock extends FakeClock {
  #spentMs = 0;

  override monotonicMs(): number {
    this.#spentMs += 1;
    return super.monotonicMs() + this.#spentMs;
  }
}

describe('Rotation', () => {
  it('gives the event loop back after two milliseconds, however many are due', async () => {
    const clock = new BusyClock('2030-01-01T00:00:00Z');
    const nowMs = clock.now().getTime();
    const held = Array.from({ length: 100 }, () => new BusyRenewable(clock, nowMs));
    const rotation = new Rotation({ held, clock, worldChanged: () => false });
    const stop = new AbortController();
    const progress: number[] = [0];
    const running = rotation.run(stop.signal);
    while (held.some(({ renewed }) => renewed === 0)) {
      progress.push(held.filter(({ renewed }) => renewed > 0).length);
      await new Promise(setImmediate);
    }
    const steps = progress.slice(1).map((done, index) => done - (progress[index] ?? 0));
    expect(steps.length).toBeGreaterThan(20);
    expect(Math.max(...steps)).toBeLessThanOrEqual(4);
    stop.abort();
    await running;
  });

  it('sleeps until the first is due, and wakes sooner when one is due sooner', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    const nowMs = clock.now().getTime();
    const held = [new BusyRenewable(clock, nowMs + 20_000)];
    const rotation = new Rotation({ held, clock, worldChanged: () => false });
    const stop = new AbortController();
    const running = rotation.run(stop.signal);
    expect(await clock.nextWake()).toEqual(new Date(nowMs + 20_000));
    const sooner = new BusyRenewable(clock, nowMs + 5_000);
    held.push(sooner);
    rotation.noteDue(sooner.dueAt);
    await new Promise(setImmediate);
    expect(await clock.nextWake()).toEqual(new Date(nowMs + 5_000));
    await clock.advance(5_000);
    await clock.nextWake();
    expect(held.map(({ renewed }) => renewed)).toEqual([0, 1]);
    stop.abort();
    await running;
  });

  it('does at once what is put into its queue, and everything when the world has changed', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    const held = [1, 2].map(() => new BusyRenewable(clock, Infinity));
    const world = { changed: false };
    const worldChanged = (): boolean => {
      const { changed } = world;
      world.changed = false;
      return changed;
    };
    const rotation = new Rotation({ held, clock, worldChanged });
    const stop = new AbortController();
    const running = rotation.run(stop.signal);
    await clock.nextWake();
    rotation.enqueue(held[1] ?? new BusyRenewable(clock, 0));
    await new Promise(setImmediate);
    await clock.nextWake();
    expect(held.map(({ renewed }) => renewed)).toEqual([0, 1]);
    world.changed = true;
    rotation.wake();
    await new Promise(setImmediate);
    await clock.nextWake();
    expect(held.map(({ renewed }) => renewed)).toEqual([1, 2]);
    stop.abort();
    await running;
  });
});
