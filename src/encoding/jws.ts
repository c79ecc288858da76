import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { SpoorError } from '../core/errors.js';
import { decodeBase64Url } from './base64.js';
import { isJsonObject, parseIJson } from './i-json.js';

/** The only algorithms that are signed or verified with; `none`, HMAC and every other one are unknown here. */
export const JWS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const;
export type JwsAlgorithm = (typeof JWS_ALGORITHMS)[number];

/** Characters of one token; HTTP servers take headers of 8 to 16 KB. */
export const MAX_JWS_CHARACTERS = 32_768;
/** RFC 7518 section 3.3: "A key of size 2048 bits or larger MUST be used". */
const MIN_RSA_BITS = 2048;
const CURVES = { '256': 'prime256v1', '384': 'secp384r1', '512': 'secp521r1' } as const;

/** One JWS in compact form, taken apart and not yet believed. */
export interface CompactJws {
  /** Without prototype. */
  readonly header: Record<string, unknown>;
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly signingInput: string;
}

/** Whether a header's `alg` is one of the nine, spelled exactly so. */
export function isJwsAlgorithm(alg: unknown): alg is JwsAlgorithm {
  return (JWS_ALGORITHMS as readonly unknown[]).includes(alg);
}

/**
 * Takes a compact JWS apart, without verifying it.
 *
 * Errors: JWS_INVALID for anything but three non-empty parts of canonical base64url with a JSON object as the header:
 *         a JWE, JSON serialization, an unsecured JWS, more than MAX_JWS_CHARACTERS.
 * Source: RFC 7515 sections 3.1 and 7.1.
 */
export function parseJws(token: string): CompactJws {
  if (token.length > MAX_JWS_CHARACTERS) throw invalid(`it is longer than ${MAX_JWS_CHARACTERS} characters`);
  const parts = token.split('.', 6);
  const [header, payload, signature] = parts.map(decodeBase64Url);
  if (parts.length !== 3) throw invalid(`found ${parts.length} parts in place of 3`);
  if (header === undefined || payload === undefined || signature === undefined) {
    throw invalid('a part is not base64url');
  }
  if (payload.length === 0 || signature.length === 0) throw invalid('the payload or the signature is empty');
  return {
    header: readHeader(header),
    payload,
    signature,
    signingInput: token.slice(0, token.lastIndexOf('.')),
  };
}

/**
 * Whether `key` made this signature.
 *
 * Returns: false also when the header names another algorithm, or `key` does not suit `algorithm`: kind, curve, and
 *          2048 bits of RSA.
 * Source:  RFC 7518 sections 3.3 to 3.5.
 */
export function verifyJws(jws: CompactJws, algorithm: JwsAlgorithm, key: KeyObject): boolean {
  if (jws.header['alg'] !== algorithm || !keySuits(algorithm, key)) return false;
  const input = Buffer.from(jws.signingInput, 'ascii');
  return verify(hashOf(algorithm), input, { key, ...signatureOptions(algorithm) }, jws.signature);
}

/**
 * Makes what signs compact JWS with one key. `alg` is set here, whatever the header says of it.
 *
 * Errors: INVARIANT_BROKEN when `key` does not suit `algorithm`.
 */
export function jwsSigner(
  key: KeyObject,
  algorithm: JwsAlgorithm,
): (header: object, payload: object) => string {
  if (key.type !== 'private' || !keySuits(algorithm, key)) {
    throw new SpoorError('INVARIANT_BROKEN', `the key does not suit ${algorithm}`);
  }
  const [hash, how] = [hashOf(algorithm), { key, ...signatureOptions(algorithm) }];
  return (header, payload) => {
    const input = `${encode({ ...header, alg: algorithm })}.${encode(payload)}`;
    return `${input}.${sign(hash, Buffer.from(input), how).toString('base64url')}`;
  };
}

/** Signs one compact JWS; see `jwsSigner`. */
export function signJws(header: object, payload: object, key: KeyObject, algorithm: JwsAlgorithm): string {
  return jwsSigner(key, algorithm)(header, payload);
}

/** Whether a key, public or private, can be used with an algorithm: kind, curve and size. */
export function keySuits(algorithm: JwsAlgorithm, key: KeyObject): boolean {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const bits = algorithm.slice(2) as keyof typeof CURVES;
  const kind = key.asymmetricKeyType;
  if (algorithm.startsWith('ES')) return kind === 'ec' && namedCurve === CURVES[bits];
  const suits = kind === 'rsa' || (kind === 'rsa-pss' && algorithm.startsWith('PS'));
  return suits && modulusLength >= MIN_RSA_BITS;
}

function signatureOptions(algorithm: JwsAlgorithm): object {
  if (algorithm.startsWith('ES')) return { dsaEncoding: 'ieee-p1363' };
  if (algorithm.startsWith('RS')) return { padding: constants.RSA_PKCS1_PADDING };
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function hashOf(algorithm: JwsAlgorithm): string {
  return `sha${algorithm.slice(2)}`;
}

function readHeader(bytes: Buffer): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseIJson(bytes);
  } catch (cause) {
    throw new SpoorError('JWS_INVALID', 'not a compact JWS: the header is not I-JSON', { cause });
  }
  if (!isJsonObject(header)) throw invalid('the header is not a JSON object');
  return header;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function invalid(why: string): SpoorError {
  return new SpoorError('JWS_INVALID', `not a compact JWS: ${why}`);
}
