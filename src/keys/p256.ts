import { createECDH, type ECDH } from 'node:crypto';

/** Bytes of an uncompressed P-256 point: 04, x, y (SEC 1 section 2.3.3). */
export const P256_POINT_BYTES = 65;
const SCALAR_BYTES = 32;

// RFC 5958 and RFC 5915: version 0, id-ecPublicKey, prime256v1; ECPrivateKey version 1 with a scalar of 32 bytes,
// and the public key as [1] BIT STRING. Only the scalar and the point differ from key to key.
const BEFORE_SCALAR = Buffer.from(
  '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420',
  'hex',
);
const BEFORE_POINT = Buffer.from('a144034200', 'hex');
const POINT_AT = BEFORE_SCALAR.length + SCALAR_BYTES + BEFORE_POINT.length;
const PKCS8_BYTES = POINT_AT + P256_POINT_BYTES;

/** One fresh P-256 key. */
export interface P256Key {
  /** Uncompressed, 65 bytes. */
  readonly point: Buffer;
  /** DER, not encrypted. */
  readonly pkcs8: Buffer;
}

/** A private key as JSON carries it (RFC 7518 section 6.2). */
export interface P256Jwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/**
 * Makes P-256 keys, as many as one likes from one reused ECDH object: less than half the cost of generateKeyPairSync,
 * whose time goes into writing DER.
 *
 * Source: decision 6.
 */
export class P256Keys {
  readonly #ecdh: ECDH = createECDH('prime256v1');

  generate(): P256Key {
    const point = this.#ecdh.generateKeys();
    const scalar = this.#ecdh.getPrivateKey();
    const pkcs8 = fillPkcs8(scalar, point);
    scalar.fill(0);
    return { point, pkcs8 };
  }
}

/** `scalar` may be short: one key in 256 starts with a zero byte that ECDH leaves out. */
export function fillPkcs8(scalar: Uint8Array, point: Uint8Array): Buffer {
  const pkcs8 = Buffer.alloc(PKCS8_BYTES);
  pkcs8.set(BEFORE_SCALAR);
  pkcs8.set(scalar, BEFORE_SCALAR.length + SCALAR_BYTES - scalar.length);
  pkcs8.set(BEFORE_POINT, BEFORE_SCALAR.length + SCALAR_BYTES);
  pkcs8.set(point, POINT_AT);
  return pkcs8;
}

/** The public half of a key. */
export function publicJwk({ point }: P256Key): P256Jwk {
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  return { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
}

/** Both halves of a key. */
export function privateJwk(key: P256Key): P256Jwk & { readonly d: string } {
  const scalar = key.pkcs8.subarray(BEFORE_SCALAR.length, BEFORE_SCALAR.length + SCALAR_BYTES);
  return { ...publicJwk(key), d: scalar.toString('base64url') };
}
