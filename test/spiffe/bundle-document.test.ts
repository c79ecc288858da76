import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { writePem } from '../../src/encoding/pem.js';
import { Bundle } from '../../src/spiffe/bundle.js';
import {
  readBundleDocument,
  readBundleMap,
  readJwks,
  readPemBundle,
  writeBundleDocument,
  writeJwks,
} from '../../src/spiffe/bundle-document.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';
import type { ClauseId } from '../conformance/requirements.js';
import { outcome } from '../fakes/outcome.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestCertificate } from '../fakes/test-certificate.js';

type Jwk = Readonly<Record<string, unknown>>;

const here = TrustDomain.parse('example.org');
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk: Jwk = { ...ec.publicKey.export({ format: 'jwk' }) };
const jwtJwk: Jwk = { ...publicJwk, use: 'jwt-svid', kid: 'k' };

let authority: TestAuthority;
let x509Jwk: Jwk;

beforeAll(async () => {
  authority = await TestAuthority.open();
  const key = createPublicKey(authority.root.key).export({ format: 'jwk' });
  x509Jwk = { ...key, use: 'x509-svid', x5c: [authority.root.der.toString('base64')] };
});

const read = (document: unknown): Bundle => readBundleDocument(here, JSON.stringify(document));
const readText = (text: string): string => outcome(() => readBundleDocument(here, text) && 'a bundle');

/** How many authorities of each kind a document of these keys has: `x509 jwt wit`. */
function count(...keys: readonly unknown[]): string {
  const { x509Authorities, jwtAuthorities, witAuthorities } = read({ keys });
  return `${x509Authorities.length} ${jwtAuthorities.size} ${witAuthorities.size}`;
}

function written(bundle: Bundle): { keys: Jwk[] } & Jwk {
  return JSON.parse(writeBundleDocument(bundle)) as { keys: Jwk[] } & Jwk;
}

describe('readBundleDocument', () => {
  it('reads authorities of all three kinds', () => {
    const bundle = read({ keys: [x509Jwk, jwtJwk, { ...publicJwk, use: 'wit-svid', kid: 'w' }] });
    clause(['TDB-4a', 'X509-6.2c'], () => {
      expect(bundle.x509Authorities).toEqual([authority.root.der]);
      expect(bundle.jwtAuthorities.get('k')?.equals(ec.publicKey)).toBe(true);
      expect([...bundle.witAuthorities.keys()]).toEqual(['w']);
    });
  });

  it.each<[ClauseId | ClauseId[], string, Jwk]>([
    [['TDB-4.1.3b', 'TDB-4.2.1a'], 'an unknown kty', { ...jwtJwk, kty: 'AKP' }],
    ['TDB-4.2.1a', 'a kty in other letters', { ...jwtJwk, kty: 'ec' }],
    ['TDB-4.2.1a', 'no kty', { ...jwtJwk, kty: undefined }],
    [['TDB-4.1.3b', 'TDB-4.2.2a'], 'an unknown use', { ...jwtJwk, use: 'ssh-svid' }],
    ['TDB-4.2.2a', 'a use in other letters', { ...jwtJwk, use: 'JWT-SVID' }],
    ['TDB-4.2.2a', 'the use of a general JWT', { ...jwtJwk, use: 'sig' }],
    ['TDB-4.2.2a', 'no use', { ...jwtJwk, use: undefined }],
    ['X509-6.2a', 'no x5c', { ...publicJwk, use: 'x509-svid' }],
    ['X509-6.2a', 'an empty x5c', { ...publicJwk, use: 'x509-svid', x5c: [] }],
  ])('%s: passes over a key with %s and keeps the rest', (ids, _, jwk) => {
    clause(ids, () => {
      expect(count(jwk)).toBe('0 0 0');
      expect(count(x509Jwk, jwk, { ...jwtJwk, kid: 'other' })).toBe('1 1 0');
    });
  });

  it.each<[string, Jwk]>([
    ['no kid', { ...jwtJwk, kid: undefined }],
    ['an empty kid', { ...jwtJwk, kid: '' }],
    ['a kid that is a number', { ...jwtJwk, kid: 1 }],
    ['a curve that does not exist', { ...jwtJwk, crv: 'P-257' }],
    ['a point that is not on its curve', { ...jwtJwk, x: jwtJwk['y'] }],
    ['a missing coordinate', { ...jwtJwk, y: undefined }],
    ['an exponent for a curve', { ...jwtJwk, kty: 'RSA' }],
    ['its private half', { ...ec.privateKey.export({ format: 'jwk' }), use: 'jwt-svid', kid: 'k' }],
    ['a shared secret', { kty: 'oct', k: 'AAAA', use: 'jwt-svid', kid: 'k' }],
    ['an x5c that is a string', { ...publicJwk, use: 'x509-svid', x5c: 'AAAA' }],
    ['an x5c that is no base64', { ...publicJwk, use: 'x509-svid', x5c: ['?'] }],
    ['an x5c that is no certificate', { ...publicJwk, use: 'x509-svid', x5c: ['AAAA'] }],
    ['an x5c in PEM', { ...publicJwk, use: 'x509-svid', x5c: ['-----BEGIN CERTIFICATE-----'] }],
  ])('passes over a key with %s', (_, jwk) => {
    expect(count(jwk, x509Jwk)).toBe('1 0 0');
  });

  it.each([null, 1, 'x', [jwtJwk]])('passes over %j in place of a key', (entry) => {
    expect(count(entry, x509Jwk)).toBe('1 0 0');
  });

  it('passes over a CA certificate in a key of unknown kty', () => {
    clause(['TDB-4.1.3b', 'TDB-4.2.1a'], () => {
      expect(count(x509Jwk)).toBe('1 0 0');
      expect(['AKP', 'ec', undefined, 1].map((kty) => count({ ...x509Jwk, kty }))).toEqual(
        Array(4).fill('0 0 0'),
      );
    });
  });

  it('takes the first certificate of x5c only', async () => {
    const second = await TestCertificate.selfSigned({ ca: true });
    clause('X509-6.2b', () => {
      const x5c = [authority.root.der, second.der].map((bytes) => bytes.toString('base64'));
      expect(read({ keys: [{ ...x509Jwk, x5c }] }).x509Authorities).toEqual([authority.root.der]);
      const reversed = read({ keys: [{ ...x509Jwk, x5c: ['?', x5c[0]] }] });
      expect(reversed.x509Authorities).toEqual([]);
    });
  });

  it('needs keys, which may be empty, and nothing else', () => {
    clause('TDB-4.1.3a', () => {
      expect(readText('{"keys":[]}')).toBe('a bundle');
      const without = [
        '{}',
        '{"keys":{}}',
        '{"keys":null}',
        '{"Keys":[]}',
        '[]',
        'null',
        '"x"',
        '',
        '{"keys":[]',
      ];
      expect(without.map(readText)).toEqual(without.map(() => 'BUNDLE_INVALID'));
    });
    clause('TDB-4.1a', () => {
      expect(readText('{"keys":[],"x":{"y":1},"spiffe_federation":null}')).toBe('a bundle');
    });
    clause('TDB-4.1.3c', () => {
      expect(count()).toBe('0 0 0');
      expect(count({ kty: 'unknown' })).toBe('0 0 0');
    });
  });

  it('keeps a sequence of 64 bits to its last digit', () => {
    clause('TDB-4.1.1a', () => {
      const of = (sequence: string): bigint | undefined =>
        readBundleDocument(here, `{"keys":[],"spiffe_sequence":${sequence}}`).sequenceNumber;
      expect(['0', '1', '9007199254740993', '18446744073709551615'].map(of)).toEqual([
        0n,
        1n,
        9007199254740993n,
        18446744073709551615n,
      ]);
      for (const wrong of ['-1', '1.5', '"1"', 'null', '1e400']) {
        expect(outcome(() => of(wrong))).toBe('BUNDLE_INVALID');
      }
    });
  });

  it('reads a refresh hint in whole seconds', () => {
    const of = (hint: unknown): unknown =>
      outcome(() => read({ keys: [], spiffe_refresh_hint: hint }).refreshHintSeconds);
    clause('TDB-4.1.2a', () => {
      expect([of(300), of(0), of(undefined)]).toEqual([300, 0, undefined]);
      expect([of(1.5), of('300'), of(-1), of(null)]).toEqual(Array(4).fill('BUNDLE_INVALID'));
    });
  });

  it('refuses one key id for two keys, and a name that stands twice', () => {
    const other = {
      ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
    };
    expect(readText(JSON.stringify({ keys: [jwtJwk, { ...other, use: 'jwt-svid', kid: 'k' }] }))).toBe(
      'BUNDLE_INVALID',
    );
    expect(count(jwtJwk, jwtJwk)).toBe('0 1 0');
    expect(readText('{"keys":[],"keys":[]}')).toBe('BUNDLE_INVALID');
  });

  it('refuses more than 1024 keys', () => {
    expect(readText(JSON.stringify({ keys: Array(1024).fill(null) }))).toBe('a bundle');
    expect(readText(JSON.stringify({ keys: Array(1025).fill(null) }))).toBe('BUNDLE_INVALID');
  });
});

describe('readPemBundle', () => {
  it('reads CA certificates, and nothing else', () => {
    const pem = writePem('CERTIFICATE', authority.root.der);
    expect(readPemBundle(here, pem + pem).x509Authorities).toEqual([authority.root.der]);
    for (const wrong of [
      '',
      'x',
      pem + writePem('PRIVATE KEY', authority.root.pkcs8),
      writePem('CERTIFICATE', Buffer.from('x')),
    ]) {
      expect(outcome(() => readPemBundle(here, wrong))).toBe('BUNDLE_INVALID');
    }
  });
});

describe('writeBundleDocument', () => {
  it('is read back as it was, to the last digit', () => {
    const { x509Authorities, jwtAuthorities, witAuthorities } = authority.bundle;
    const parts = { x509Authorities, jwtAuthorities, witAuthorities, refreshHintSeconds: 300 };
    const bundle = Bundle.of(here, { ...parts, sequenceNumber: 18446744073709551615n });
    clause(['TDB-4a', 'TDB-4.1.1a', 'TDB-4.1.2a'], () => {
      expect(readBundleDocument(here, writeBundleDocument(bundle)).equals(bundle)).toBe(true);
      expect(writeBundleDocument(bundle)).toContain(
        '"spiffe_sequence":18446744073709551615,"spiffe_refresh_hint":300}',
      );
    });
  });

  it('writes keys, even if there are none, and nothing that was not set', () => {
    clause('TDB-4.1.3a', () => {
      expect(writeBundleDocument(Bundle.of(here))).toBe('{"keys":[]}');
    });
  });

  it('writes each CA certificate as one key with x5c and without kid', () => {
    const { keys } = written(authority.bundle);
    const own = keys.filter(({ use }) => use === 'x509-svid');
    clause(['X509-6.1a', 'X509-6.1b', 'X509-6.1c'], () => {
      expect(own).toEqual([x509Jwk]);
      expect(Object.keys(own[0] ?? {}).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
        'crv',
        'kty',
        'use',
        'x',
        'x5c',
        'y',
      ]);
    });
  });

  it('writes each token key with its use and kid', () => {
    const { keys } = written(authority.bundle);
    const memberOf = (jwk: Jwk, name: string): unknown => jwk[name];
    clause(['JWT-6.1a', 'TDB-4.2.2a', 'TDB-4.2.1a'], () => {
      const [jwt] = keys.filter(({ use }) => use === 'jwt-svid');
      expect(jwt).toEqual({
        ...createPublicKey(authority.jwtKey).export({ format: 'jwk' }),
        kid: 'jwt-key-1',
        use: 'jwt-svid',
      });
      expect(keys.map((jwk) => memberOf(jwk, 'kty'))).toEqual(['EC', 'EC', 'EC']);
    });
    clause('WIT-6.1a', () => {
      const [wit] = keys.filter(({ use }) => use === 'wit-svid');
      expect(wit).toEqual({
        ...createPublicKey(authority.witKey).export({ format: 'jwk' }),
        kid: 'wit-key-1',
        use: 'wit-svid',
      });
      const shared = new Map([['same', ec.publicKey]]);
      const bundle = Bundle.of(here, { jwtAuthorities: shared, witAuthorities: shared });
      expect(outcome(() => writeBundleDocument(bundle))).toBe('INVARIANT_BROKEN');
    });
  });

  it('writes no member that the standards do not name, and nothing private', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwtAuthorities = new Map<string, KeyObject>([
      ['private', ec.privateKey],
      ['rsa', rsa.publicKey],
    ]);
    const { keys } = written(Bundle.of(here, { jwtAuthorities, x509Authorities: [authority.root.der] }));
    clause('TDB-4.2a', () => {
      const names = new Set(keys.flatMap((jwk) => Object.keys(jwk)));
      const allowed = ['kty', 'crv', 'x', 'y', 'n', 'e', 'use', 'kid', 'x5c'];
      expect([...names].filter((name) => !allowed.includes(name))).toEqual([]);
      expect(keys.length).toBe(3);
    });
  });
});

describe('writeJwks and readJwks', () => {
  const keys = new Map([['k', ec.publicKey]]);

  it('leave use out, or set it, as they are told', () => {
    expect(JSON.parse(writeJwks(keys))).toEqual({ keys: [{ ...publicJwk, kid: 'k' }] });
    expect(JSON.parse(writeJwks(keys, 'wit-svid'))).toEqual({
      keys: [{ ...publicJwk, kid: 'k', use: 'wit-svid' }],
    });
    expect(writeJwks(new Map())).toBe('{"keys":[]}');
  });

  it('write a set that a general JWT library takes', async () => {
    const jwks = createLocalJWKSet(JSON.parse(writeJwks(authority.bundle.jwtAuthorities)) as { keys: [] });
    const { payload } = await jwtVerify(authority.jwt(), jwks, {
      audience: 'test-audience',
      currentDate: authority.at,
    });
    expect(payload.sub).toBe('spiffe://example.org/web');
  });

  it('read keys of the use asked for, and those without use', () => {
    const wit = { ...publicJwk, use: 'wit-svid', kid: 'w' };
    const text = JSON.stringify({
      keys: [{ ...publicJwk, kid: 'k' }, { ...jwtJwk, kid: 'j' }, wit, x509Jwk, { ...jwtJwk, use: 'sig' }],
    });
    expect([...readJwks(text, 'jwt-svid').keys()]).toEqual(['k', 'j']);
    expect([...readJwks(Buffer.from(text), 'wit-svid').keys()]).toEqual(['k', 'w']);
    expect(outcome(() => readJwks('{}', 'jwt-svid'))).toBe('BUNDLE_INVALID');
  });
});

describe('readBundleMap', () => {
  const member = { keys: [jwtJwk], spiffe_sequence: 7, spiffe_refresh_hint: 5 };
  const names = (text: string): string[] | string =>
    outcome(() => Array.from(readBundleMap(text), ({ trustDomain }) => trustDomain.name));

  it('reads bundles by name of their trust domain', () => {
    const set = readBundleMap(
      JSON.stringify({ trust_domains: { 'example.org': member, 'example.com': { keys: [] } } }),
    );
    clause('TDB-5a', () => {
      expect(Array.from(set, ({ trustDomain }) => trustDomain.name)).toEqual(['example.org', 'example.com']);
      expect(set.get(here)).toMatchObject({ sequenceNumber: 7n });
      expect(set.get(here)?.jwtAuthorities.size).toBe(1);
      expect(names('{"trust_domains":{}}')).toEqual([]);
    });
  });

  it.each([
    ['no trust_domains', '{}'],
    ['a list', '{"trust_domains":[]}'],
    ['a SPIFFE ID as a name', '{"trust_domains":{"spiffe://example.org":{"keys":[]}}}'],
    ['a name that is none', '{"trust_domains":{"Example.org":{"keys":[]}}}'],
    ['a bundle that is none', '{"trust_domains":{"example.org":{}}}'],
    ['a bundle that is a list', '{"trust_domains":{"example.org":[]}}'],
    ['one good and one bad bundle', '{"trust_domains":{"example.org":{"keys":[]},"example.com":{}}}'],
  ])('refuses %s', (_, text) => {
    clause(['TDB-5a', 'TDB-5d'], () => {
      expect(names(text)).toBe('BUNDLE_INVALID');
    });
  });

  it('refuses a trust domain that stands twice', () => {
    clause('TDB-5b', () => {
      expect(names('{"trust_domains":{"example.org":{"keys":[]},"example.org":{"keys":[]}}}')).toBe(
        'BUNDLE_INVALID',
      );
      expect(names('{"trust_domains":{},"trust_domains":{}}')).toBe('BUNDLE_INVALID');
    });
  });

  it('lets no refresh hint through, however it is spelled', () => {
    const text = JSON.stringify({
      trust_domains: { 'example.org': { ...member, refresh_hint: 9 } },
      refresh_hint: 8,
      spiffe_refresh_hint: 7,
    });
    clause(['TDB-5c', 'AMB-9'], () => {
      expect(names(text)).toEqual(['example.org']);
      expect(readBundleMap(text).get(here)?.refreshHintSeconds).toBeUndefined();
    });
  });
});
