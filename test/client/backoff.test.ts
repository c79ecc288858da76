import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/client/backoff.js';
import { FakeClock } from '../fakes/fake-clock.js';

function backoff(random: number): { clock: FakeClock; backoff: Backoff } {
  const clock = new FakeClock('2030-01-01T00:00:00Z');
  return { clock, backoff: new Backoff({ clock, random: () => random }) };
}

describe('Backoff', () => {
  it('doubles from 100 ms to 10 s', () => {
    const { backoff: one } = backoff(0);
    const delays = Array.from({ length: 9 }, () => one.afterFailure());
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  it('takes off up to half, at random', () => {
    expect(backoff(0.5).backoff.afterFailure()).toBe(75);
    expect(backoff(0.999).backoff.afterFailure()).toBeCloseTo(50, 0);
  });

  it('hurries after service and begins anew, but once a second only', async () => {
    const { clock, backoff: one } = backoff(0);
    one.afterFailure();
    one.afterFailure();
    expect([one.afterService(), one.afterService(), one.afterService()]).toEqual([0, 100, 200]);
    await clock.advance(1_000);
    expect([one.afterService(), one.afterFailure()]).toEqual([0, 100]);
  });
});
