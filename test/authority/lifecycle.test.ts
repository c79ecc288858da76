import { describe, expect, it } from 'vitest';
import type { AuthorityRecord } from '../../src/authority/authority-record.js';
import { activationOf, nextStep, timingOf } from '../../src/authority/lifecycle.js';
import { DEFAULT_LIFETIMES } from '../../src/authority/settings.js';

const HOUR = 3_600_000;
const T0 = Date.parse('2030-01-01T00:00:00Z');
const at = (hours: number): Date => new Date(T0 + hours * HOUR);
const TIMING = timingOf('x509', DEFAULT_LIFETIMES);

function record(
  id: string,
  state: AuthorityRecord['state'],
  from: number,
  more: object = {},
): AuthorityRecord {
  const half = { kind: 'x509', upstream: false, certificate: Buffer.of(), chain: [], roots: [] } as const;
  const life = { notBefore: new Date(at(from).getTime() - HOUR / 6), notAfter: at(from + 24) };
  return { profile: 'x509', id, state, since: at(from), ...life, public: half, ...more };
}

describe('nextStep', () => {
  it('makes a successor at half of the active one’s life', () => {
    expect(nextStep([record('a', 'active', 0)], TIMING, at(1))).toEqual({ kind: 'prepare', at: at(12) });
  });

  it('makes one at once when nothing can sign', () => {
    expect(nextStep([], TIMING, at(0))).toEqual({ kind: 'prepare', at: at(0) });
    expect(nextStep([record('a', 'active', 0)], TIMING, at(25))).toEqual({ kind: 'prepare', at: at(25) });
  });

  it('makes one at once when the clock was set back to before the active one', () => {
    expect(nextStep([record('a', 'active', 0)], TIMING, at(-5))).toEqual({ kind: 'prepare', at: at(-5) });
  });

  it('publishes a prepared successor in the same moment', () => {
    const records = [record('a', 'active', 0), record('b', 'prepared', 12)];
    expect(nextStep(records, TIMING, at(12))).toMatchObject({
      kind: 'publish',
      at: at(12),
      record: { id: 'b' },
    });
  });

  it('lets it sign a sixth of a life before the active one ends', () => {
    expect(activationOf(record('a', 'active', 0), TIMING, at(12))).toEqual(at(20));
    const records = [record('a', 'active', 0), record('b', 'published', 12, { activateAt: at(20) })];
    expect(nextStep(records, TIMING, at(12))).toMatchObject({
      kind: 'activate',
      at: at(20),
      record: { id: 'b' },
    });
  });

  it('lets it sign in a moment when the active one is over', () => {
    expect(activationOf(record('a', 'active', 0), TIMING, at(30))).toEqual(
      new Date(at(30).getTime() + 1_000),
    );
    expect(activationOf(undefined, TIMING, at(30))).toEqual(new Date(at(30).getTime() + 1_000));
  });

  it('forgets an old one when all that it signed has expired', () => {
    const records = [record('a', 'old', 0, { since: at(20) }), record('b', 'active', 12)];
    expect(nextStep(records, TIMING, at(21))).toMatchObject({
      kind: 'remove',
      at: at(24),
      record: { id: 'a' },
    });
  });

  it('forgets a successor that ran out while the daemon was down', () => {
    const records = [record('a', 'active', 50), record('b', 'published', 12, { activateAt: at(20) })];
    expect(nextStep(records, TIMING, at(51))).toMatchObject({ kind: 'remove', record: { id: 'b' } });
  });

  it('hands over sooner when the lifetime was made shorter in the settings', () => {
    const short = timingOf('x509', { ...DEFAULT_LIFETIMES, authoritySeconds: 7_200 });
    expect(nextStep([record('a', 'active', 0)], short, at(5))).toMatchObject({ kind: 'prepare', at: at(1) });
  });

  it('makes no successor of the user’s own signing certificate', () => {
    expect(nextStep([record('a', 'active', 0)], TIMING, at(25), false)).toBeUndefined();
  });

  it.each([
    ['x509', 0],
    ['jwt', 120_000],
    ['wit', 2 * HOUR],
  ] as const)(
    'keeps an old %s authority published for %i ms longer than its documents',
    (profile, graceMs) => {
      const timing = timingOf(profile, DEFAULT_LIFETIMES);
      const records = [
        record('a', 'old', 0, { profile, since: at(20) }),
        record('b', 'active', 20, { profile }),
      ];
      expect(nextStep(records, timing, at(21))?.at).toEqual(new Date(at(24).getTime() + graceMs));
    },
  );

  it.each([
    [86_400, 900, 14_400],
    [3_600, 900, 900],
    [3_600, 86_400, 1_200],
  ])('of a life of %i s with documents of %i s it hands over %i s before the end', (life, svid, tail) => {
    const lifetimes = { ...DEFAULT_LIFETIMES, authoritySeconds: life, x509SvidSeconds: svid };
    expect(timingOf('x509', lifetimes).tailMs).toBe(tail * 1_000);
  });
});
