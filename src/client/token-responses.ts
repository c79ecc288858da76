import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import type { Logger } from '../core/log.js';
import { isJsonObject, parseIJson } from '../encoding/i-json.js';
import { Bundle, type BundleParts, BundleSet } from '../spiffe/bundle.js';
import { readJwks } from '../spiffe/bundle-document.js';
import { parseJwtSvid, type JwtSvid } from '../spiffe/jwt-svid.js';
import { SpiffeId } from '../spiffe/spiffe-id.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import { parseWitSvid, type WitSvid } from '../spiffe/wit-svid.js';
import { readStruct } from '../wire/struct.js';
import type {
  JWTBundlesResponse,
  JWTSVIDResponse,
  ValidateJWTSVIDResponse,
  WITBundlesResponse,
  WITSVID,
  WITSVIDResponse,
} from '../wire/workload-api.js';
import { firstOfEachHint } from './hints.js';
import { incomplete, unreadable } from './x509-responses.js';

/** A WIT-SVID with the private key that proves possession of it. Never shows the key when it is printed. */
export interface HeldWitSvid {
  readonly svid: WitSvid;
  readonly privateKey: KeyObject;
}

/** What ValidateJWTSVID says of a token that holds. */
export interface ValidatedJwt {
  readonly id: SpiffeId;
  /** An object without prototype. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads a FetchJWTSVID response.
 *
 * Errors: RESPONSE_INVALID.
 * Source: Workload API section 6.2.1.
 */
export function readJwtSvids(message: JWTSVIDResponse): readonly JwtSvid[] {
  if (message.svids.length === 0) throw incomplete('FetchJWTSVID', 'svids');
  return firstOfEachHint(message.svids).map((wire) => {
    if (wire.spiffe_id === '') throw incomplete('FetchJWTSVID', 'spiffe_id');
    if (wire.svid === '') throw incomplete('FetchJWTSVID', 'svid');
    const svid = parse('FetchJWTSVID', () => parseJwtSvid(wire.svid, wire.hint));
    return named('FetchJWTSVID', svid, wire.spiffe_id);
  });
}

/**
 * Reads a FetchWITSVID message.
 *
 * Errors: RESPONSE_INVALID; also when a key is not that of its token.
 * Source: Workload API section 7.2.1.
 */
export function readWitSvids(message: WITSVIDResponse): readonly HeldWitSvid[] {
  if (message.svids.length === 0) throw incomplete('FetchWITSVID', 'svids');
  return firstOfEachHint(message.svids).map((wire) => {
    for (const field of ['spiffe_id', 'wit_svid', 'wit_svid_key'] as const) {
      if (wire[field] === '') throw incomplete('FetchWITSVID', field);
    }
    return parse('FetchWITSVID', () => readHeld(wire));
  });
}

/**
 * Reads a ValidateJWTSVID response. Errors: RESPONSE_INVALID. Source: Workload API section 6.2.3.
 */
export function readValidatedJwt(message: ValidateJWTSVIDResponse): ValidatedJwt {
  if (message.spiffe_id === '') throw incomplete('ValidateJWTSVID', 'spiffe_id');
  if (message.claims === null) throw incomplete('ValidateJWTSVID', 'claims');
  const id = parse('ValidateJWTSVID', () => SpiffeId.parse(message.spiffe_id));
  return { id, claims: readStruct(message.claims) };
}

/** Reads a FetchJWTBundles message; a bundle that cannot be read is reported and left out. Errors: RESPONSE_INVALID. */
export function readJwtBundles(message: JWTBundlesResponse, log: Logger): BundleSet {
  if (Object.keys(message.bundles).length === 0) throw incomplete('FetchJWTBundles', 'bundles');
  return readBundles(message.bundles, (jwks) => ({ jwtAuthorities: readJwks(jwks, 'jwt-svid') }), log);
}

/** Reads a FetchWITBundles message; a bundle that cannot be read is reported and left out. Errors: RESPONSE_INVALID. */
export function readWitBundles(message: WITBundlesResponse, log: Logger): BundleSet {
  if (Object.keys(message.bundles).length === 0) throw incomplete('FetchWITBundles', 'bundles');
  return readBundles(message.bundles, (jwks) => ({ witAuthorities: readJwks(jwks, 'wit-svid') }), log);
}

function readBundles<Jwks>(
  bundles: Readonly<Record<string, Jwks>>,
  read: (jwks: Jwks) => BundleParts,
  log: Logger,
): BundleSet {
  const readable = Object.entries(bundles).flatMap(([id, jwks]) => {
    try {
      return [Bundle.of(TrustDomain.parse(id), read(jwks))];
    } catch (error) {
      log.warn('a bundle cannot be read; its trust domain is not trusted', { trustDomain: id, error });
      return [];
    }
  });
  return BundleSet.of(readable);
}

function readHeld(wire: WITSVID): HeldWitSvid {
  const svid = named('FetchWITSVID', parseWitSvid(wire.wit_svid, wire.hint), wire.spiffe_id);
  const jwk = parseIJson(wire.wit_svid_key);
  if (!isJsonObject(jwk)) throw new Error('the key is not a JWK');
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  if (!createPublicKey(privateKey).equals(svid.key)) throw new Error('the key is not that of the token');
  // A KeyObject prints nothing of a key by itself; the JSON of this pair is kept as silent.
  return Object.defineProperties(
    { svid, privateKey },
    {
      toJSON: { value: () => ({ id: svid.id.toString(), hint: svid.hint, expiresAt: svid.expiresAt }) },
      [inspect.custom]: { value: () => `HeldWitSvid ${svid.id.toString()}` },
    },
  );
}

function named<T extends { readonly id: SpiffeId }>(method: string, svid: T, spiffeId: string): T {
  if (svid.id.toString() === spiffeId) return svid;
  throw unreadable(method, new Error('spiffe_id is not that of the token'));
}

function parse<T>(method: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(method, cause);
  }
}
