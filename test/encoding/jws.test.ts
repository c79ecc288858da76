import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { outcome } from '../fakes/outcome.js';
import { signToken } from '../fakes/test-token.js';
import {
  isJwsAlgorithm,
  JWS_ALGORITHMS,
  type JwsAlgorithm,
  keySuits,
  MAX_JWS_CHARACTERS,
  parseJws,
  signJws,
  verifyJws,
} from '../../src/encoding/jws.js';

const JWS_INVALID = expect.objectContaining({ code: 'JWS_INVALID' });
const b64 = (text: string): string => Buffer.from(text).toString('base64url');

const KEYS: Readonly<Record<string, KeyObject>> = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
  'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  'RSA 1024': generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  'RSA-PSS 2048': generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
  Ed25519: generateKeyPairSync('ed25519').privateKey,
};
const SUITED: Readonly<Record<string, readonly string[]>> = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  'RSA 2048': ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'RSA-PSS 2048': ['PS256', 'PS384', 'PS512'],
};

function keyFor(algorithm: JwsAlgorithm): KeyObject {
  const name = Object.keys(SUITED).find((candidate) => SUITED[candidate]?.includes(algorithm)) ?? '';
  return KEYS[name] as KeyObject;
}

describe('the algorithms', () => {
  it('are nine, spelled exactly so', () => {
    expect(JWS_ALGORITHMS.every(isJwsAlgorithm)).toBe(true);
    for (const other of ['none', 'HS256', 'EdDSA', 'ES256K', 'es256', 'RS1', '', undefined, 256, ['ES256']]) {
      expect(isJwsAlgorithm(other)).toBe(false);
    }
  });

  it.each(Object.keys(KEYS))('suit a key of %s only as its kind, curve and size allow', (name) => {
    const key = KEYS[name] as KeyObject;
    for (const form of [key, createPublicKey(key)]) {
      expect(JWS_ALGORITHMS.filter((algorithm) => keySuits(algorithm, form))).toEqual(SUITED[name] ?? []);
    }
  });
});

describe.each(JWS_ALGORITHMS)('%s', (algorithm) => {
  const key = keyFor(algorithm);

  it('is signed so that another library verifies it', async () => {
    const token = signJws({ kid: 'k', typ: 'JWT', alg: 'none' }, { sub: 'x' }, key, algorithm);
    const { payload, protectedHeader } = await compactVerify(token, createPublicKey(key));
    expect(protectedHeader).toEqual({ alg: algorithm, kid: 'k', typ: 'JWT' });
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ sub: 'x' });
  });

  it('is verified as another library signed it, and not once a byte has changed', async () => {
    const token = await new CompactSign(Buffer.from('{"sub":"x"}'))
      .setProtectedHeader({ alg: algorithm })
      .sign(key);
    const jws = parseJws(token);
    expect(verifyJws(jws, algorithm, createPublicKey(key))).toBe(true);
    const signature = Buffer.from(jws.signature);
    signature[3] = (signature[3] ?? 0) ^ 1;
    expect(verifyJws({ ...jws, signature }, algorithm, createPublicKey(key))).toBe(false);
    expect(verifyJws({ ...jws, signingInput: `${jws.signingInput}A` }, algorithm, createPublicKey(key))).toBe(
      false,
    );
  });

  it('is not verified under another name', () => {
    const jws = parseJws(signJws({}, { sub: 'x' }, key, algorithm));
    for (const other of JWS_ALGORITHMS.filter((name) => name !== algorithm)) {
      expect(verifyJws(jws, other, createPublicKey(key))).toBe(false);
      expect(verifyJws({ ...jws, header: { alg: other } }, algorithm, createPublicKey(key))).toBe(false);
    }
  });
});

describe('signJws', () => {
  it('refuses a key that does not suit, and a public one', () => {
    const bug = expect.objectContaining({ code: 'INVARIANT_BROKEN' });
    const key = keyFor('ES256');
    expect(() => signJws({}, {}, key, 'ES384')).toThrow(bug);
    expect(() => signJws({}, {}, createPublicKey(key), 'ES256')).toThrow(bug);
  });
});

describe('verifyJws', () => {
  it.each([
    ['RS256', 'RSA 1024'],
    ['ES256', 'P-384'],
    ['ES256', 'secp256k1'],
    ['ES512', 'P-256'],
  ] as const)('does not believe %s by a key of %s, though the signature holds', (alg, name) => {
    const key = KEYS[name] as KeyObject;
    expect(verifyJws(parseJws(signToken({ alg }, { sub: 'x' }, key)), alg, createPublicKey(key))).toBe(false);
  });

  it('takes a raw ECDSA signature only, never the DER form', () => {
    const jws = parseJws(signJws({}, { sub: 'x' }, keyFor('ES256'), 'ES256'));
    expect(jws.signature).toHaveLength(64);
    const r = jws.signature.subarray(0, 32);
    const longer = Buffer.concat([Buffer.from([0]), r, jws.signature.subarray(32)]);
    expect(verifyJws({ ...jws, signature: longer }, 'ES256', createPublicKey(keyFor('ES256')))).toBe(false);
    expect(
      verifyJws({ ...jws, signature: Buffer.alloc(64) }, 'ES256', createPublicKey(keyFor('ES256'))),
    ).toBe(false);
  });
});

describe('parseJws', () => {
  const header = b64('{"alg":"ES256"}');

  it('takes three parts apart and keeps what was signed', () => {
    const jws = parseJws(`${header}.${b64('{}')}.${b64('signature')}`);
    expect(jws.header).toEqual({ alg: 'ES256' });
    expect(jws.payload.toString()).toBe('{}');
    expect(jws.signature.toString()).toBe('signature');
    expect(jws.signingInput).toBe(`${header}.${b64('{}')}`);
  });

  it.each([
    ['nothing', ''],
    ['one part', header],
    ['two parts', `${header}.${b64('{}')}`],
    ['four parts', `${header}.a.b.c`],
    ['a JWE of five parts', `${header}.AA.AA.AA.AA`],
    ['an empty header', `.${b64('{}')}.AA`],
    ['an empty payload', `${header}..AA`],
    ['an unsecured JWS', `${b64('{"alg":"none"}')}.${b64('{}')}.`],
    ['flattened JSON', `{"protected":"${header}","payload":"AA","signature":"AA"}`],
    ['general JSON', '{"payload":"AA","signatures":[{"protected":"a.b.c"}]}'],
    ['padding', `${header}.${b64('{}')}=.AA`],
    ['standard base64', `${header}.+/+/.AA`],
    ['unused bits that are set', `${header}.${b64('{}')}.AB`],
    ['a line break', `${header}.${b64('{}')}.AA\n`],
    ['a header that is no JSON', `${b64('{alg:1}')}.AA.AA`],
    ['a header that is a list', `${b64('[]')}.AA.AA`],
    ['a header that is a string', `${b64('"ES256"')}.AA.AA`],
    ['a header with a name given twice', `${b64('{"alg":"none","alg":"ES256"}')}.AA.AA`],
    ['more than 32 KB', `${header}.${'A'.repeat(MAX_JWS_CHARACTERS)}.AA`],
  ])('refuses %s', (_, token) => {
    expect(() => parseJws(token)).toThrow(JWS_INVALID);
  });

  it('takes every base64url character and no other byte', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const character = String.fromCharCode(byte);
      const payload = outcome(() => parseJws(`${header}.AA${character}A.AA`).payload);
      const good = Buffer.from(`AA${character}A`, 'base64url');
      expect(payload, `byte ${byte}`).toEqual(/[A-Za-z0-9_-]/.test(character) ? good : 'JWS_INVALID');
    }
  });
});
