import { describe, expect, it } from 'vitest';
import { isPathSegment, MAX_SPIFFE_ID_BYTES, SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';
import type { ClauseId } from '../conformance/requirements.js';
import { outcome } from '../fakes/outcome.js';
import { SeededRandom } from '../fakes/seeded-random.js';

const read = (text: string): string => outcome(() => SpiffeId.parse(text).toString());

const REFUSED: readonly (readonly [ClauseId, readonly string[]])[] = [
  [
    'ID-2a',
    [
      '',
      'http://td/a',
      'spiffe:/td/a',
      'spiffe:td/a',
      '//td/a',
      'spiffe',
      'spiffes://td/a',
      ' spiffe://td/a',
    ],
  ],
  ['ID-2b', ['spiffe://', 'spiffe:///a']],
  ['ID-2c', ['spiffe://td/a?x=1', 'spiffe://td/a?', 'spiffe://td?x', 'spiffe://td?']],
  ['ID-2d', ['spiffe://td/a#f', 'spiffe://td/a#', 'spiffe://td#f', 'spiffe://td#']],
  ['ID-2.1a', ['spiffe://', 'spiffe:///', 'spiffe:///a/b']],
  ['ID-2.1b', ['spiffe://u@td/a', 'spiffe://u:p@td/a', 'spiffe://@td/a', 'spiffe://:@td']],
  ['ID-2.1c', ['spiffe://td:8080/a', 'spiffe://td:/a', 'spiffe://td:']],
  ['ID-2.1d', ['spiffe://TD/a', 'spiffe://tD']],
  [
    'ID-2.1e',
    [
      'spiffe://td$',
      'spiffe://té',
      'spiffe://t d/a',
      'spiffe://~/a',
      'spiffe://a+b',
      'spiffe://*',
      'spiffe://[::1]/a',
    ],
  ],
  ['ID-2.1f', ['spiffe://t%64/a', 'spiffe://%74d']],
  ['ID-2.1g', ['spiffe://[::1]/a', 'spiffe://[fe80::1]']],
  ['ID-2.2a', ['spiffe://td/%41', 'spiffe://td/a%2Fb', 'spiffe://td/%']],
  ['ID-2.2b', ['spiffe://td/a//b', 'spiffe://td//a', 'spiffe://td//']],
  [
    'ID-2.2c',
    ['spiffe://td/a/./b', 'spiffe://td/a/../b', 'spiffe://td/..', 'spiffe://td/.', 'spiffe://td/../a'],
  ],
  ['ID-2.2d', ['spiffe://td/', 'spiffe://td/a/', 'spiffe://td/a/b/']],
  [
    'ID-2.2e',
    Array.from('!~:@,;=+*$&\'()[]{}|^`<>"\\ \t\n\0é😀\u0435', (character) => `spiffe://td/a${character}b`),
  ],
  ['AMB-1', ['SPIFFE://td/a', 'Spiffe://td/a', 'spiffe://Example.org/a']],
];

const TAKEN: readonly (readonly [ClauseId, readonly string[]])[] = [
  ['ID-2a', ['spiffe://td/a']],
  ['ID-2.1g', ['spiffe://10.0.0.1/a']],
  [
    'ID-2.1h',
    [
      'spiffe://_/a',
      'spiffe://-a./b',
      'spiffe://a..b/c',
      'spiffe://.../x',
      `spiffe://${'l'.repeat(80)}.org/a`,
    ],
  ],
  ['ID-2.2c', ['spiffe://td/...', 'spiffe://td/.a', 'spiffe://td/a..b', 'spiffe://td/..a/b.']],
  ['ID-2.2f', ['spiffe://td', 'spiffe://td/a', 'spiffe://td/a/b/c/d', 'spiffe://td/9/_/-']],
  ['ID-2.2g', ['spiffe://td/spire/agent/x', 'spiffe://td/spire', 'spiffe://td/spoor']],
];

describe('SpiffeId', () => {
  it.each(REFUSED)('%s: refuses %j', (id, texts) => {
    clause(id, () => {
      expect(texts.map(read)).toEqual(texts.map(() => 'SPIFFE_ID_INVALID'));
    });
  });

  it.each(TAKEN)('%s: takes %j as they stand', (id, texts) => {
    clause(id, () => {
      expect(texts.map(read)).toEqual(texts);
    });
  });

  it('takes every byte that a segment may hold and no other', () => {
    clause('ID-2.2e', () => {
      for (let byte = 0; byte < 256; byte += 1) {
        const segment = `a${String.fromCharCode(byte)}b`;
        // A slash ends the segment and begins another.
        const allowed = /^[A-Za-z0-9._-]+$/.test(segment) || segment === 'a/b';
        expect(read(`spiffe://td/${segment}`), `byte ${byte}`).toBe(
          allowed ? `spiffe://td/${segment}` : 'SPIFFE_ID_INVALID',
        );
        expect(isPathSegment(segment)).toBe(allowed && segment !== 'a/b');
      }
    });
  });

  it('takes up to 2048 bytes in all, and neither reads nor makes more', () => {
    const longest = `spiffe://td/${'a'.repeat(MAX_SPIFFE_ID_BYTES - 12)}`;
    clause('ID-2.3a', () => {
      expect(longest).toHaveLength(2048);
      expect(read(longest)).toBe(longest);
    });
    clause('ID-2.3b', () => {
      expect(read(`${longest}a`)).toBe('SPIFFE_ID_INVALID');
      const td = TrustDomain.parse('td');
      expect(outcome(() => SpiffeId.of(td, `/${'a'.repeat(2037)}`).toString())).toBe('SPIFFE_ID_INVALID');
    });
  });

  it('holds a trust domain of up to 255 bytes', () => {
    clause('ID-2.3c', () => {
      expect(read(`spiffe://${'a'.repeat(255)}/b`)).toHaveLength(266);
      expect(read(`spiffe://${'a'.repeat(256)}/b`)).toBe('SPIFFE_ID_INVALID');
    });
  });

  it('is another name when the case of its path differs', () => {
    clause('ID-2.4a', () => {
      expect(SpiffeId.parse('spiffe://td/A').equals(SpiffeId.parse('spiffe://td/a'))).toBe(false);
      expect(SpiffeId.parse('spiffe://td/a').equals(SpiffeId.parse('spiffe://td/a'))).toBe(true);
      expect(SpiffeId.parse('spiffe://td2/a').equals(SpiffeId.parse('spiffe://td/a'))).toBe(false);
    });
  });

  it('knows its trust domain and path', () => {
    const id = SpiffeId.parse('spiffe://example.org/billing/api');
    expect([id.trustDomain.name, id.path]).toEqual(['example.org', '/billing/api']);
    expect(id.memberOf(TrustDomain.parse('example.org'))).toBe(true);
    expect(id.memberOf(TrustDomain.parse('example.com'))).toBe(false);
    expect(JSON.stringify({ id })).toBe('{"id":"spiffe://example.org/billing/api"}');
  });

  it.each([
    ['', 'spiffe://td'],
    ['/a/b', 'spiffe://td/a/b'],
    ['a', 'SPIFFE_ID_INVALID'],
    ['/', 'SPIFFE_ID_INVALID'],
    ['/a/', 'SPIFFE_ID_INVALID'],
    ['/..', 'SPIFFE_ID_INVALID'],
    ['?x', 'SPIFFE_ID_INVALID'],
    ['.evil/a', 'SPIFFE_ID_INVALID'],
  ])('is made of a trust domain and the path %j: %s', (path, expected) => {
    expect(outcome(() => SpiffeId.of(TrustDomain.parse('td'), path).toString())).toBe(expected);
  });

  it('shows no more than 80 characters of what it refuses', () => {
    expect(() => SpiffeId.parse('x'.repeat(500))).toThrow(
      expect.objectContaining({ facts: { text: 'x'.repeat(80) } }),
    );
  });

  it('gives back what it takes, or refuses it, whatever it is fed', () => {
    const random = new SeededRandom(1);
    const seed = Buffer.from('spiffe://example.org/billing/api-v1/a_b.c');
    for (let round = 0; round < 20_000; round += 1) {
      const text = random.damage(seed).toString('latin1');
      expect([text, 'SPIFFE_ID_INVALID']).toContain(read(text));
    }
  });
});
