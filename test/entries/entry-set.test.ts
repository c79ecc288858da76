import { describe, expect, it } from 'vitest';
import { EntrySet } from '../../src/entries/entry-set.js';
import type { Entry, MatchResult } from '../../src/entries/entry.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';
import { anEntry } from '../fakes/an-entry.js';
import { SeededRandom } from '../fakes/seeded-random.js';

const EXAMPLE = TrustDomain.parse('example.org');
const NOW = new Date('2030-06-01T00:00:00Z');
const LATER = new Date('2030-06-02T00:00:00Z');

describe('EntrySet', () => {
  it('matches the entries whose selectors the process has all, in the order of their ids', () => {
    const set = EntrySet.of(
      [
        anEntry({ id: 'z', selectors: ['unix:gid:5'] }),
        anEntry({ id: 'b', selectors: ['unix:path:/a', 'unix:uid:1'] }),
        anEntry({ id: 'a', selectors: ['unix:uid:1'], spiffeId: 'spiffe://example.org/a' }),
        anEntry({ id: 'c', selectors: ['unix:path:/b', 'unix:uid:1'] }),
      ],
      EXAMPLE,
    );
    const { matches, refused } = set.match(['unix:gid:5', 'unix:path:/a', 'unix:uid:1'], NOW);
    expect(matches.map(({ entry, spiffeId }) => `${entry.id} ${spiffeId.toString()}`)).toEqual([
      'a spiffe://example.org/a',
      'b spiffe://example.org/web',
      'z spiffe://example.org/web',
    ]);
    expect(refused).toEqual([]);
    expect(set.match([], NOW).matches).toEqual([]);
  });

  it('finds through its index what comparing every entry finds', () => {
    const random = new SeededRandom(7);
    const pick = (limit: number): number => random.below(limit);
    const selector = (): string => `unix:uid:${pick(12)}`;
    const entries = Array.from({ length: 3_000 }, (_, at) =>
      anEntry({ id: `e${at}`, selectors: [...new Set(Array.from({ length: 1 + pick(5) }, selector))] }),
    );
    const set = EntrySet.of(entries.slice(0, 2_500), EXAMPLE).with([], entries.slice(2_500), NOW);
    for (let round = 0; round < 200; round++) {
      const held = [...new Set(Array.from({ length: pick(8) }, selector))];
      const expected = entries.filter(({ selectors }) => selectors.every((each) => held.includes(each)));
      expect(idsOf(set.match(held, NOW))).toEqual(expected.map(({ id }) => id).toSorted());
    }
  });

  it('never matches an entry that has ended, and says so', () => {
    const set = EntrySet.of([anEntry({ expiresAt: NOW })], EXAMPLE);
    expect(idsOf(set.match(['unix:uid:1000'], new Date(NOW.getTime() - 1)))).toEqual(['web']);
    expect(set.match(['unix:uid:1000'], NOW)).toMatchObject({
      matches: [],
      refused: [{ reason: 'it ended at 2030-06-01T00:00:00.000Z' }],
    });
  });

  it('refuses a match whose template cannot be filled, with the reason', () => {
    const set = EntrySet.of([anEntry({ spiffeId: 'spiffe://example.org/{unix.user}' })], EXAMPLE);
    const named = set.match(['unix:uid:1000', 'unix:user:alice'], NOW);
    expect(named.matches.map(({ spiffeId }) => spiffeId.toString())).toEqual(['spiffe://example.org/alice']);
    expect(set.match(['unix:uid:1000'], NOW).refused).toEqual([
      expect.objectContaining({ reason: '{unix.user} needs one unix:user selector, the process has 0' }),
    ]);
  });

  it('refuses an entry of a foreign trust domain, however it came in', () => {
    const set = EntrySet.of([anEntry({ spiffeId: 'spiffe://evil.test/web' })], EXAMPLE);
    expect(set.match(['unix:uid:1000'], NOW)).toMatchObject({
      matches: [],
      refused: [{ reason: 'its SPIFFE ID is not in the trust domain example.org' }],
    });
  });

  it('lets of two equal hints the older entry win, of equally old ones the lower id', () => {
    const young = new Date('2030-02-01T00:00:00Z');
    const set = EntrySet.of(
      [
        anEntry({ id: 'a', hint: 'internal', createdAt: young }),
        anEntry({ id: 'b', hint: 'internal' }),
        anEntry({ id: 'c', hint: 'internal' }),
        anEntry({ id: 'd', hint: 'external' }),
        anEntry({ id: 'e' }),
        anEntry({ id: 'f' }),
      ],
      EXAMPLE,
    );
    clause('DEF-6', () => {
      const result = set.match(['unix:uid:1000'], NOW);
      expect(idsOf(result)).toEqual(['b', 'd', 'e', 'f']);
      expect(result.refused.map(({ entry, reason }) => `${entry.id}: ${reason}`)).toEqual([
        'a: its hint belongs to the older entry b',
        'c: its hint belongs to the older entry b',
      ]);
    });
  });

  it('leaves a hint to the next entry when the one that has it cannot be used', () => {
    const set = EntrySet.of(
      [
        anEntry({ id: 'a', hint: 'internal', spiffeId: 'spiffe://example.org/{unix.user}' }),
        anEntry({ id: 'b', hint: 'internal' }),
      ],
      EXAMPLE,
    );
    expect(idsOf(set.match(['unix:uid:1000'], NOW))).toEqual(['b']);
  });

  it('names the entries that come nearest, with what the process lacks', () => {
    const set = EntrySet.of(
      [
        anEntry({ id: 'far', selectors: ['unix:gid:1', 'unix:gid:2', 'unix:uid:1'] }),
        anEntry({ id: 'near', selectors: ['unix:gid:1', 'unix:uid:1'] }),
        anEntry({ id: 'nearer', selectors: ['unix:gid:1', 'unix:path:/a', 'unix:uid:1'] }),
        anEntry({ id: 'nothing', selectors: ['unix:gid:9'] }),
        anEntry({ id: 'held', selectors: ['unix:uid:1'] }),
      ],
      EXAMPLE,
    );
    const near = set.nearest(['unix:uid:1', 'unix:path:/a'], 2);
    expect(near.map(({ entry, missing }) => [entry.id, missing])).toEqual([
      ['nearer', ['unix:gid:1']],
      ['near', ['unix:gid:1']],
    ]);
  });

  it('is changed by additions, replacements and removals, and the old set stays what it was', () => {
    const old = EntrySet.of([anEntry({ id: 'a' }), anEntry({ id: 'b' })], EXAMPLE);
    const changed = old.with(['a'], [anEntry({ id: 'b', hint: 'new' }), anEntry({ id: 'c' })], NOW);
    const again = changed.with(['c'], [anEntry({ id: 'a', hint: 'back' })], NOW);

    expect([...old].map(brief)).toEqual(['a', 'b']);
    expect([...changed].map(brief)).toEqual(['b new', 'c']);
    expect([...again].map(brief)).toEqual(['a back', 'b new']);
    expect([old.size, changed.size, again.size]).toEqual([2, 2, 2]);
    expect([changed.get('a'), changed.get('b')?.hint, again.get('a')?.hint]).toEqual([
      undefined,
      'new',
      'back',
    ]);
    expect(idsOf(again.match(['unix:uid:1000'], NOW))).toEqual(['a', 'b']);
  });

  it('stays right through thousands of changes', () => {
    let set = EntrySet.of([], EXAMPLE);
    for (let at = 0; at < 3_000; at++) {
      set = set.with(at % 3 === 0 ? [`e${at - 1}`] : [], [anEntry({ id: `e${at}` })], NOW);
    }
    expect(set.size).toBe(3_000 - 999);
    expect(set.match(['unix:uid:1000'], NOW).matches).toHaveLength(set.size);
    expect([...set]).toHaveLength(set.size);
  });

  it('knows when the next entry ends', () => {
    const set = EntrySet.of(
      [anEntry({ id: 'a', expiresAt: NOW }), anEntry({ id: 'b', expiresAt: LATER }), anEntry({ id: 'c' })],
      EXAMPLE,
    );
    expect(set.nextExpiry).toEqual(NOW);
    expect(set.with([], [], NOW).nextExpiry).toEqual(LATER);
    expect(set.with(['b'], [], NOW).nextExpiry).toBeUndefined();
  });
});

function idsOf({ matches }: MatchResult): string[] {
  return matches.map(({ entry }) => entry.id);
}

function brief({ id, hint }: Entry): string {
  return `${id} ${hint}`.trimEnd();
}
