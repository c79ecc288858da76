import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { CompactEncrypt } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { JWS_ALGORITHMS, parseJws } from '../../src/encoding/jws.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { parseJwtSvid, validateJwtSvid } from '../../src/spiffe/jwt-svid.js';
import { clause } from '../conformance/prove.js';
import type { ClauseId } from '../conformance/requirements.js';
import { outcome, refusal } from '../fakes/outcome.js';
import { TestAuthority, type TokenWish } from '../fakes/test-authority.js';
import { signToken } from '../fakes/test-token.js';

const AUDIENCE = 'test-audience';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;

let authority: TestAuthority;
let seconds: number;

beforeAll(async () => {
  authority = await TestAuthority.open();
  seconds = authority.at.getTime() / 1000;
});

const judgeToken = (token: string, bundles: Bundle | BundleSet = authority.bundle): string =>
  refusal(() => validateJwtSvid(token, AUDIENCE, bundles, authority.at));
const judge = (wish: TokenWish): string => judgeToken(authority.jwt(wish));

/** The bundle of the trust domain with these JWT authorities only. */
function bundleWith(keys: Readonly<Record<string, KeyObject>>): Bundle {
  const jwtAuthorities = new Map(Object.entries(keys).map(([kid, key]) => [kid, createPublicKey(key)]));
  return Bundle.of(authority.trustDomain, { jwtAuthorities });
}

describe('validateJwtSvid', () => {
  it('gives what a good token says', () => {
    const token = authority.jwt({ claims: { role: 'x', nested: { a: [1] } } });
    clause(['JWT-3.1a', 'JWT-3a'], () => {
      const svid = validateJwtSvid(token, AUDIENCE, BundleSet.of([authority.bundle]), authority.at);
      expect(svid.id.toString()).toBe('spiffe://example.org/web');
      expect(svid).toMatchObject({ token, audience: [AUDIENCE], hint: '' });
      expect(svid.expiresAt.toISOString()).toBe('2030-01-01T01:00:00.000Z');
      expect(svid.issuedAt?.toISOString()).toBe('2029-12-31T23:59:00.000Z');
      expect(svid.claims).toMatchObject({ role: 'x', nested: { a: [1] }, aud: [AUDIENCE] });
    });
  });

  it.each<[ClauseId, string, TokenWish, string]>([
    ['JWT-3.1a', 'no sub', { claims: { sub: undefined } }, 'JWT-3.1a'],
    ['JWT-3.1a', 'a sub that is a number', { claims: { sub: 1 } }, 'JWT-3.1a'],
    ['JWT-3.1a', 'a sub that is no SPIFFE ID', { claims: { sub: 'web' } }, 'JWT-3.1a'],
    [
      'JWT-3.1a',
      'a sub with an upper-case trust domain',
      { claims: { sub: 'spiffe://Example.org/a' } },
      'JWT-3.1a',
    ],
    ['JWT-3.2a', 'no aud', { claims: { aud: undefined } }, 'JWT-3.2a'],
    ['JWT-3.2a', 'an empty aud', { claims: { aud: [] } }, 'JWT-3.2a'],
    ['JWT-3.2a', 'an aud that is a number', { claims: { aud: 1 } }, 'JWT-3.2a'],
    ['JWT-3.2a', 'an aud with a number among strings', { claims: { aud: [AUDIENCE, 1] } }, 'JWT-3.2a'],
    ['JWT-3.2b', 'another aud', { claims: { aud: ['other'] } }, 'JWT-3.2b'],
    ['JWT-3.2b', 'an empty string as aud', { claims: { aud: '' } }, 'JWT-3.2b'],
    ['JWT-3.2c', 'an aud in other letters', { claims: { aud: 'Test-Audience' } }, 'JWT-3.2b'],
    ['JWT-3.2c', 'an aud with a slash more', { claims: { aud: 'test-audience/' } }, 'JWT-3.2b'],
    ['JWT-3.2c', 'an aud that merely begins so', { claims: { aud: ['test-audience2', 'test'] } }, 'JWT-3.2b'],
    ['JWT-3.3a', 'no exp', { claims: { exp: undefined } }, 'JWT-3.3a'],
    ['JWT-3.3a', 'an exp that is a string', { claims: { exp: '1893459600' } }, 'JWT-3.3a'],
    ['JWT-3.3a', 'an exp that is null', { claims: { exp: null } }, 'JWT-3.3a'],
    ['JWT-3.3a', 'an exp that no calendar has', { claims: { exp: 1e300 } }, 'JWT-3.3a'],
    ['JWT-4a', 'an nbf that is a string', { claims: { nbf: 'now' } }, 'JWT-4a'],
    ['JWT-4a', 'crit', { header: { crit: ['exp'], exp: 1 } }, 'JWT-4a'],
    ['JWT-4a', 'an empty crit', { header: { crit: [] } }, 'JWT-4a'],
    [
      'JWT-4a',
      'a crit that asks for an unencoded payload',
      { header: { crit: ['b64'], b64: false } },
      'JWT-4a',
    ],
    ['JWT-2.3a', 'the typ of a WIT', { header: { typ: 'wit+jwt' } }, 'JWT-2.3a'],
    ['JWT-2.3a', 'the typ of an access token', { header: { typ: 'at+jwt' } }, 'JWT-2.3a'],
    ['JWT-2.3a', 'a typ in lower case', { header: { typ: 'jwt' } }, 'JWT-2.3a'],
    ['JWT-2.3a', 'an empty typ', { header: { typ: '' } }, 'JWT-2.3a'],
    ['AMB-4', 'a typ that is null', { header: { typ: null } }, 'JWT-2.3a'],
    ['JWT-4b', 'a kid that the bundle does not have', { header: { kid: 'other' } }, 'JWT-4b'],
    ['JWT-4b', 'an empty kid', { header: { kid: '' } }, 'JWT-4b'],
    ['JWT-4b', 'a kid that is a number', { header: { kid: 1 } }, 'JWT-4b'],
    [
      'JWT-4b',
      'the signature of another key',
      { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
      'JWT-4b',
    ],
  ])('%s: refuses a token with %s', (id, _, wish, expected) => {
    clause(id, () => {
      expect(judge(wish)).toBe(`JWT_SVID_INVALID ${expected}`);
    });
  });

  it.each<[ClauseId | ClauseId[], string, TokenWish]>([
    ['JWT-3.2c', 'a string as aud', { claims: { aud: AUDIENCE } }],
    ['JWT-3.2c', 'several audiences', { claims: { aud: ['other', AUDIENCE] } }],
    ['JWT-2.3a', 'the typ JOSE', { header: { typ: 'JOSE' } }],
    ['JWT-2.3a', 'no typ', { header: { typ: undefined } }],
    [['JWT-2.2a', 'AMB-3'], 'no kid', { header: { kid: undefined } }],
    [
      'AMB-2',
      'further header parameters',
      { header: { cty: 'x', jku: 'https://evil', x5c: ['AA=='], b64: true } },
    ],
  ])('%s: takes a token with %s', (ids, _, wish) => {
    clause(ids, () => {
      expect(judge(wish)).toBe('not refused');
    });
  });

  it('refuses every algorithm but the nine before it looks at anything else', () => {
    const others = [
      'none',
      'HS256',
      'HS384',
      'HS512',
      'EdDSA',
      'ES256K',
      'es256',
      'rs256',
      'RS1',
      'A128KW',
      '',
      null,
      256,
      ['ES256'],
    ];
    clause('JWT-2.1b', () => {
      for (const alg of others) {
        expect(judge({ header: { alg }, claims: { sub: 'nonsense', exp: 'never' } })).toBe(
          'JWT_SVID_INVALID JWT-2.1b',
        );
      }
      expect(judge({ header: { alg: undefined } })).toBe('JWT_SVID_INVALID JWT-2.1b');
      const [, payload] = authority.jwt().split('.');
      const unsecured = Buffer.from('{"alg":"none"}').toString('base64url');
      expect(judgeToken(`${unsecured}.${payload}.`)).toBe('JWT_SVID_INVALID JWT-1a');
    });
  });

  it('verifies all nine algorithms, each with a key that suits it', () => {
    const keys = { RS: rsa, PS: rsa, ES256: authority.jwtKey, ES384: p384, ES512: p521 };
    for (const alg of JWS_ALGORITHMS) {
      const key = keys[(alg.startsWith('ES') ? alg : alg.slice(0, 2)) as keyof typeof keys];
      const token = authority.jwt({ header: { alg, kid: 'k' }, key });
      expect(`${alg} ${judgeToken(token, bundleWith({ k: key }))}`).toBe(`${alg} not refused`);
    }
  });

  it('refuses a key that does not suit the algorithm', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const mismatches: [string, KeyObject][] = [
      ['RS256', authority.jwtKey],
      ['PS256', p384],
      ['ES256', rsa],
      ['ES384', authority.jwtKey],
      ['ES256', p384],
      ['ES512', p384],
      ['ES256', secp256k1],
      ['RS256', small],
    ];
    clause('JWT-4c', () => {
      for (const [alg, key] of mismatches) {
        // Signed in whatever way the key can; the verifier must not come as far as that.
        const token = signToken(
          { alg, kid: 'k' },
          parseJws(authority.jwt()).payload.toString(),
          authority.jwtKey,
        );
        expect(`${alg} ${judgeToken(token, bundleWith({ k: key }))}`).toBe(`${alg} JWT_SVID_INVALID JWT-4c`);
      }
    });
  });

  it('tries each key of the right kind where kid is missing', () => {
    const token = authority.jwt({ header: { kid: undefined } });
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    clause('AMB-3', () => {
      const bundle = bundleWith({ a: rsa, b: p384, c: stranger, d: authority.jwtKey });
      expect(judgeToken(token, bundle)).toBe('not refused');
      expect(judgeToken(token, bundleWith({ a: rsa, b: p384, c: stranger }))).toBe('JWT_SVID_INVALID JWT-4b');
      expect(judgeToken(token, bundleWith({ a: rsa }))).toBe('JWT_SVID_INVALID JWT-4c');
    });
  });

  it('honours exp and nbf with a leeway of 60 seconds, and no other leeway than it is told', () => {
    const at = (offset: number, claim: 'exp' | 'nbf'): string =>
      judge({ claims: { [claim]: seconds + offset } });
    clause(['JWT-3.3b', 'DEF-7', 'JWT-4a'], () => {
      expect([at(1, 'exp'), at(-59, 'exp'), at(-59.5, 'exp')]).toEqual(Array(3).fill('not refused'));
      expect([at(-60, 'exp'), at(-61, 'exp')]).toEqual(Array(2).fill('JWT_SVID_INVALID JWT-3.3b'));
      expect([at(-1, 'nbf'), at(59, 'nbf'), at(60, 'nbf')]).toEqual(Array(3).fill('not refused'));
      expect(at(61, 'nbf')).toBe('JWT_SVID_INVALID JWT-4a');
    });
    const token = authority.jwt({ claims: { exp: seconds - 1 } });
    const options = { leewaySeconds: 0 };
    expect(refusal(() => validateJwtSvid(token, AUDIENCE, authority.bundle, authority.at, options))).toBe(
      'JWT_SVID_INVALID JWT-3.3b',
    );
  });

  it('takes its key from the bundle of the trust domain in sub, and from nowhere else', async () => {
    const other = await TestAuthority.open('example.com');
    const both = BundleSet.of([authority.bundle, other.bundle]);
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const imposter = other.jwt({ claims: { sub: 'spiffe://example.org/web' } });
    const jwk = own.publicKey.export({ format: 'jwk' });
    clause(['JWT-4b', 'WAPI-6.3c', 'TDB-3a', 'AMB-2'], () => {
      expect(judgeToken(imposter, both)).toBe('JWT_SVID_INVALID JWT-4b');
      expect(judgeToken(other.jwt(), authority.bundle)).toBe('JWT_SVID_INVALID WAPI-6.3c');
      expect(judgeToken(other.jwt(), both)).toBe('not refused');
      expect(judge({ header: { jwk }, key: own.privateKey })).toBe('JWT_SVID_INVALID JWT-4b');
      expect(judge({ header: { jwk, kid: undefined }, key: own.privateKey })).toBe('JWT_SVID_INVALID JWT-4b');
    });
  });

  it('judges by keys for JWT-SVIDs only', () => {
    const { witAuthorities, x509Authorities } = authority.bundle;
    const wit = authority.jwt({ header: { kid: authority.witKid }, key: authority.witKey });
    clause(['JWT-6.2a', 'TDB-4.1.3c'], () => {
      expect(judgeToken(wit)).toBe('JWT_SVID_INVALID JWT-4b');
      const without = Bundle.of(authority.trustDomain, { witAuthorities, x509Authorities });
      expect(judgeToken(authority.jwt({ header: { kid: undefined } }), without)).toBe(
        'JWT_SVID_INVALID JWT-4c',
      );
      expect(judgeToken(authority.jwt(), without)).toBe('JWT_SVID_INVALID JWT-4b');
    });
  });

  it('does not remember jti', () => {
    const token = authority.jwt({ claims: { jti: 'once' } });
    clause('JWT-7.1a', () => {
      expect([judgeToken(token), judgeToken(token)]).toEqual(['not refused', 'not refused']);
    });
  });

  it('takes the compact form only, and no encrypted token', async () => {
    const [protectedHeader = '', payload = '', signature = ''] = authority.jwt().split('.');
    const key = Buffer.alloc(32, 1);
    const jwe = await new CompactEncrypt(Buffer.from(payload))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
    clause('JWT-1a', () => {
      expect(judgeToken(JSON.stringify({ protected: protectedHeader, payload, signature }))).toBe(
        'JWT_SVID_INVALID JWT-1a',
      );
      const signatures = [{ protected: protectedHeader, signature }];
      expect(judgeToken(JSON.stringify({ payload, signatures }))).toBe('JWT_SVID_INVALID JWT-1a');
    });
    clause('JWT-2b', () => {
      expect(jwe.split('.')).toHaveLength(5);
      expect(judgeToken(jwe)).toBe('JWT_SVID_INVALID JWT-1a');
    });
  });

  it('believes what was signed and nothing else', () => {
    const [header = '', payload = '', signature = ''] = authority.jwt().split('.');
    const admin = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('/web', '/adm')).toString(
      'base64url',
    );
    clause('ID-3.2a', () => {
      expect(judgeToken(`${header}.${payload}.${signature}`)).toBe('not refused');
      expect(judgeToken(`${header}.${admin}.${signature}`)).toBe('JWT_SVID_INVALID JWT-4b');
    });
  });

  it.each([
    '[]',
    '"x"',
    '1',
    '{"sub":"spiffe://example.org/a","sub":"spiffe://example.org/b"}',
    '{',
    '\ufeff{}',
  ])('refuses a payload of %j', (payload) => {
    const token = signToken({ alg: 'ES256', kid: authority.jwtKid }, payload, authority.jwtKey);
    expect(judgeToken(token)).toBe('JWT_SVID_INVALID JWT-4a');
  });

  it('keeps a claim called __proto__ a claim', () => {
    const exp = seconds + 60;
    const payload = `{"sub":"spiffe://example.org/web","aud":"${AUDIENCE}","exp":${exp},"__proto__":{"admin":true}}`;
    const token = signToken({ alg: 'ES256' }, payload, authority.jwtKey);
    const { claims } = validateJwtSvid(token, AUDIENCE, authority.bundle, authority.at);
    expect(Object.keys(claims)).toContain('__proto__');
    expect(claims['admin']).toBeUndefined();
  });
});

describe('parseJwtSvid', () => {
  it('reads a token from the Workload API without judging signature or time', () => {
    const token = authority.jwt({
      claims: { exp: 1 },
      key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    });
    expect(parseJwtSvid(token, 'internal')).toMatchObject({ hint: 'internal', audience: [AUDIENCE], token });
    expect(outcome(() => parseJwtSvid(authority.wit().token))).toBe('JWT_SVID_INVALID');
    expect(outcome(() => parseJwtSvid('a.b'))).toBe('JWT_SVID_INVALID');
  });

  it('shows no token when the SVID is printed', () => {
    const token = authority.jwt();
    const svid = parseJwtSvid(token);
    expect(`${inspect(svid)} ${JSON.stringify(svid)}`).not.toContain(token.slice(-20));
    expect(JSON.stringify(svid)).toContain('"id":"spiffe://example.org/web"');
  });
});
