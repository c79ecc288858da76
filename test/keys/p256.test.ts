import { createECDH, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fillPkcs8, P256Keys, privateJwk, publicJwk } from '../../src/keys/p256.js';

const open = (pkcs8: Buffer) => createPrivateKey({ key: pkcs8, type: 'pkcs8', format: 'der' });

describe('P256Keys', () => {
  it('makes keys that node:crypto reads, each with its own point', () => {
    const keys = new P256Keys();
    const made = Array.from({ length: 300 }, () => keys.generate());
    for (const { pkcs8, point } of made) {
      const spki = createPublicKey(open(pkcs8)).export({ type: 'spki', format: 'der' });
      expect(spki.subarray(-65)).toEqual(point);
    }
    expect(new Set(made.map(({ point }) => point.toString('hex'))).size).toBe(300);
  });

  it('writes exactly the bytes that OpenSSL writes', () => {
    const { pkcs8 } = new P256Keys().generate();
    expect(open(pkcs8).export({ type: 'pkcs8', format: 'der' })).toEqual(pkcs8);
  });

  it.each([31, 30, 20, 1])('pads a scalar of %i bytes', (length) => {
    const ecdh = createECDH('prime256v1');
    const scalar = Buffer.alloc(length, 0x5a);
    ecdh.setPrivateKey(scalar);
    const pkcs8 = fillPkcs8(ecdh.getPrivateKey(), ecdh.getPublicKey());
    const key = open(pkcs8);
    const signature = sign('sha256', Buffer.from('text'), key);
    expect(verify('sha256', Buffer.from('text'), createPublicKey(key), signature)).toBe(true);
    expect(key.export({ type: 'pkcs8', format: 'der' })).toEqual(pkcs8);
  });

  it('writes JWKs that name the same key', () => {
    const key = new P256Keys().generate();
    expect(privateJwk(key)).toEqual(open(key.pkcs8).export({ format: 'jwk' }));
    expect(publicJwk(key)).toEqual(createPublicKey(open(key.pkcs8)).export({ format: 'jwk' }));
    expect(publicJwk(key)).not.toHaveProperty('d');
  });
});
