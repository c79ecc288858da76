import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkDer } from '../../src/encoding/der.js';
import { parseIJson } from '../../src/encoding/i-json.js';
import { parseJws, signJws, verifyJws } from '../../src/encoding/jws.js';
import { readPem, writePem } from '../../src/encoding/pem.js';
import { outcome } from '../fakes/outcome.js';
import { SeededRandom } from '../fakes/seeded-random.js';

const ROUNDS = 5_000;
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Feeds damaged forms of `seed`; anything but a value or a SpoorError goes through `outcome` and fails the test. */
function feed(seed: Uint8Array, read: (bytes: Buffer) => unknown): number {
  const random = new SeededRandom(7);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (typeof outcome(() => read(random.damage(seed))) === 'string') refused += 1;
  }
  return refused;
}

describe('damaged input', () => {
  it('is refused by the DER reader with a SpoorError', () => {
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    expect(feed(spki, (bytes) => checkDer(bytes))).toBeGreaterThan(ROUNDS / 10);
  });

  it('is refused by the PEM reader with a SpoorError', () => {
    const pem = Buffer.from(writePem('CERTIFICATE', Buffer.alloc(100, 7)));
    expect(feed(pem, (bytes) => readPem(bytes.toString('latin1')))).toBeGreaterThan(ROUNDS / 10);
  });

  it('is read by the JSON reader as JSON.parse reads it, or refused with a SpoorError', () => {
    const json = Buffer.from('{"a":[1,-2.5e3,true,false,null,"x\\u0041\\n"],"b":{"c":"é"},"d":""}');
    const refused = feed(json, (bytes) => {
      const value = parseIJson(bytes);
      expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(bytes.toString('utf8'))));
      return [value];
    });
    expect(refused).toBeGreaterThan(ROUNDS / 10);
  });

  it('is refused by the JWS reader with a SpoorError, or not verified, unless it is what was signed', () => {
    const token = Buffer.from(signJws({ kid: 'k' }, { sub: 'x' }, privateKey, 'ES256'));
    const key = createPublicKey(privateKey);
    const refused = feed(token, (bytes) => {
      const text = bytes.toString('latin1');
      const verified = verifyJws(parseJws(text), 'ES256', key);
      expect(verified).toBe(text === token.toString('latin1'));
      return [];
    });
    expect(refused).toBeGreaterThan(ROUNDS / 10);
  });
});
