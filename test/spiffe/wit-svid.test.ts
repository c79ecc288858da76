import { generateKeyPairSync, sign } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyJws } from '../../src/encoding/jws.js';
import { BundleSet } from '../../src/spiffe/bundle.js';
import { parseWitSvid, validateWitSvid } from '../../src/spiffe/wit-svid.js';
import { clause } from '../conformance/prove.js';
import type { ClauseId } from '../conformance/requirements.js';
import { outcome, refusal } from '../fakes/outcome.js';
import { TestAuthority, type TokenWish } from '../fakes/test-authority.js';

const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...own.publicKey.export({ format: 'jwk' }), alg: 'ES256' };
const secret = own.privateKey.export({ format: 'jwk' });

let authority: TestAuthority;
let seconds: number;

beforeAll(async () => {
  authority = await TestAuthority.open();
  seconds = authority.at.getTime() / 1000;
});

const judgeToken = (token: string, bundles = BundleSet.of([authority.bundle])): string =>
  refusal(() => validateWitSvid(token, bundles, authority.at));
const judge = (wish: TokenWish): string => judgeToken(authority.wit(wish).token);

describe('validateWitSvid', () => {
  it('gives whom the token names and the key that a proof must be made with', () => {
    const { token, key } = authority.wit();
    const svid = validateWitSvid(token, authority.bundle, authority.at);
    expect(svid.id.toString()).toBe('spiffe://example.org/web');
    expect([svid.keyAlgorithm, svid.key.type]).toEqual(['ES256', 'public']);
    expect(svid.expiresAt.toISOString()).toBe('2030-01-01T01:00:00.000Z');
    const signature = sign('sha256', Buffer.from('proof'), { key, dsaEncoding: 'ieee-p1363' });
    const proof = { header: { alg: 'ES256' }, payload: Buffer.alloc(0), signature, signingInput: 'proof' };
    expect(verifyJws(proof, svid.keyAlgorithm, svid.key)).toBe(true);
  });

  it.each<[ClauseId, string, TokenWish, string]>([
    ['WIT-2.1a', 'no kid', { header: { kid: undefined } }, 'WIT-2.1a'],
    ['WIT-2.1a', 'an empty kid', { header: { kid: '' } }, 'WIT-2.1a'],
    ['WIT-2.1a', 'the kid in other letters', { header: { kid: 'WIT-key-1' } }, 'WIT-6.2a'],
    ['WIT-2.2a', 'no typ', { header: { typ: undefined } }, 'WIT-2.2a'],
    ['WIT-2.2a', 'the typ of a JWT-SVID', { header: { typ: 'JWT' } }, 'WIT-2.2a'],
    ['WIT-2.2a', 'a typ with the media type prefix', { header: { typ: 'application/wit+jwt' } }, 'WIT-2.2a'],
    ['WIT-2.3b', 'the algorithm none', { header: { alg: 'none' } }, 'WIT-2.3b'],
    ['WIT-2.3b', 'the algorithm HS256', { header: { alg: 'HS256' } }, 'WIT-2.3b'],
    ['WIT-2.3b', 'the algorithm EdDSA', { header: { alg: 'EdDSA' } }, 'WIT-2.3b'],
    ['WIT-2.3b', 'no algorithm', { header: { alg: undefined } }, 'WIT-2.3b'],
    ['WIT-2.4b', 'a parameter that crit lists', { header: { crit: ['x'], x: 1 } }, 'WIT-2.4b'],
    ['WIT-3.1a', 'no sub', { claims: { sub: undefined } }, 'WIT-3.1a'],
    ['WIT-3.1a', 'a sub that is no SPIFFE ID', { claims: { sub: 'wimse://x' } }, 'WIT-3.1a'],
    ['WIT-3.2a', 'no cnf', { claims: { cnf: undefined } }, 'WIT-3.2a'],
    ['WIT-3.2a', 'a cnf without a jwk', { claims: { cnf: { kid: 'x' } } }, 'WIT-3.2a'],
    ['WIT-3.2a', 'a cnf that is a string', { claims: { cnf: 'x' } }, 'WIT-3.2a'],
    [
      'WIT-3.2a',
      'a private key in cnf',
      { claims: { cnf: { jwk: { ...secret, alg: 'ES256' } } } },
      'WIT-3.2a',
    ],
    [
      'WIT-3.2a',
      'a shared secret in cnf',
      { claims: { cnf: { jwk: { kty: 'oct', k: 'AA', alg: 'HS256' } } } },
      'WIT-3.2a',
    ],
    [
      'WIT-3.2a',
      'a cnf without an alg',
      { claims: { cnf: { jwk: { ...jwk, alg: undefined } } } },
      'WIT-3.2b',
    ],
    [
      'WIT-3.2a',
      'an alg in cnf that does not suit',
      { claims: { cnf: { jwk: { ...jwk, alg: 'ES384' } } } },
      'WIT-3.2b',
    ],
    [
      'WIT-3.2a',
      'an alg in cnf that is none of the nine',
      { claims: { cnf: { jwk: { ...jwk, alg: 'none' } } } },
      'WIT-3.2b',
    ],
    ['WIT-3.4a', 'no exp', { claims: { exp: undefined } }, 'WIT-3.4a'],
    ['WIT-6.2a', 'the signature of another key', { key: own.privateKey }, 'WIT-6.2a'],
  ])('%s: refuses a token with %s', (id, _, wish, expected) => {
    clause(id, () => {
      expect(judge(wish)).toBe(`WIT_SVID_INVALID ${expected}`);
    });
  });

  it('refuses a token with an audience, which only a bearer token has', () => {
    expect(judge({ claims: { aud: ['x'] } })).toBe('WIT_SVID_INVALID WIT-3.8a');
  });

  it.each<[ClauseId, string, TokenWish]>([
    ['WIT-2.4b', 'unknown header parameters', { header: { cty: 'x', jku: 'https://evil' } }],
    ['WIT-3.8b', 'unknown claims', { claims: { role: 'x', act: {} } }],
    ['WIT-3.6a', 'an iat in the future', { claims: { iat: 4_000_000_000 } }],
  ])('%s: takes a token with %s', (id, _, wish) => {
    clause(id, () => {
      expect(judge(wish)).toBe('not refused');
    });
  });

  it('honours exp and nbf with a leeway of a minute', () => {
    clause('WIT-3.4a', () => {
      expect(judge({ claims: { exp: seconds - 59 } })).toBe('not refused');
      expect(judge({ claims: { exp: seconds - 60 } })).toBe('WIT_SVID_INVALID WIT-3.4a');
    });
    clause('WIT-3.5a', () => {
      expect(judge({ claims: { nbf: seconds + 60 } })).toBe('not refused');
      expect(judge({ claims: { nbf: seconds + 61 } })).toBe('WIT_SVID_INVALID WIT-3.5a');
    });
  });

  it('does not take jti for a means against replay', () => {
    const { token } = authority.wit({ claims: { jti: 'once' } });
    clause('WIT-3.3a', () => {
      expect([judgeToken(token), judgeToken(token)]).toEqual(['not refused', 'not refused']);
    });
  });

  it('is judged by keys for WIT-SVIDs of its own trust domain only', async () => {
    const other = await TestAuthority.open('example.com');
    const both = BundleSet.of([authority.bundle, other.bundle]);
    clause('WIT-6.2a', () => {
      const jwtSigned = authority.wit({ header: { kid: authority.jwtKid }, key: authority.jwtKey });
      expect(judgeToken(jwtSigned.token)).toBe('WIT_SVID_INVALID WIT-6.2a');
      const imposter = other.wit({ claims: { sub: 'spiffe://example.org/web' } });
      expect(judgeToken(imposter.token, both)).toBe('WIT_SVID_INVALID WIT-6.2a');
      expect(judgeToken(other.wit().token, both)).toBe('not refused');
      expect(judgeToken(other.wit().token)).toBe('WIT_SVID_INVALID WAPI-6.3c');
    });
  });

  it('is compact, and no JWT-SVID', () => {
    const [header, payload, signature] = authority.wit().token.split('.');
    clause('WIT-1a', () => {
      expect(judgeToken(JSON.stringify({ protected: header, payload, signature }))).toBe(
        'WIT_SVID_INVALID WIT-1a',
      );
      expect(judgeToken('a.b.c.d.e')).toBe('WIT_SVID_INVALID WIT-1a');
    });
    expect(judgeToken(authority.jwt())).toBe('WIT_SVID_INVALID WIT-2.2a');
  });
});

describe('parseWitSvid', () => {
  it('reads a token from the Workload API without judging signature or time, and shows none of it', () => {
    const { token } = authority.wit({ claims: { exp: 1 }, key: own.privateKey });
    const svid = parseWitSvid(token, 'internal');
    expect(svid.hint).toBe('internal');
    expect(`${inspect(svid)} ${JSON.stringify(svid)}`).not.toContain(token.slice(-20));
    expect(outcome(() => parseWitSvid(authority.jwt()))).toBe('WIT_SVID_INVALID');
  });
});
