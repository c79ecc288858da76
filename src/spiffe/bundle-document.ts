import type { KeyObject } from 'node:crypto';
import { SpoorError } from '../core/errors.js';
import { decodeBase64 } from '../encoding/base64.js';
import { isJsonObject, parseIJson } from '../encoding/i-json.js';
import { readPem } from '../encoding/pem.js';
import { Bundle, type BundleParts, BundleSet } from './bundle.js';
import { readCertificate } from './certificate.js';
import { readJwk, writeJwk } from './jwk.js';
import { TrustDomain } from './trust-domain.js';

/** Keys of one bundle. Each certificate is parsed: some 50 µs. */
const MAX_BUNDLE_KEYS = 1024;
/** What the key of a CA can be; a JWK of any other `kty` is passed over, whatever else it says. */
const X509_KEY_TYPES: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP']);

type TokenUse = 'jwt-svid' | 'wit-svid';

/**
 * Reads a bundle in the SPIFFE format.
 *
 * A key of unknown `kty` or `use`, or without the members that its use needs, is passed over and the rest is kept;
 * nothing usable left is a bundle that trusts nobody. `spiffe_sequence` is kept to its last digit.
 *
 * Errors: BUNDLE_INVALID: not I-JSON, no array `keys`, too many keys, one key id for two keys, a sequence or refresh
 *         hint that is no integer.
 * Source: Trust Domain and Bundle section 4, X509-SVID section 6.2, JWT-SVID section 6.2, WIT-SVID section 6.2.
 */
export function readBundleDocument(trustDomain: TrustDomain, text: string | Uint8Array): Bundle {
  return Bundle.of(trustDomain, readParts(readJson(text)));
}

/**
 * Reads a bundle of CA certificates from PEM.
 *
 * Errors: BUNDLE_INVALID.
 */
export function readPemBundle(trustDomain: TrustDomain, text: string): Bundle {
  try {
    const blocks = readPem(text, 'CERTIFICATE').slice(0, MAX_BUNDLE_KEYS);
    return Bundle.of(trustDomain, { x509Authorities: blocks.map(({ bytes }) => readCertificate(bytes).der) });
  } catch (cause) {
    throw invalid('it is not a series of PEM certificates', cause);
  }
}

/**
 * Reads the keys of one use from a JWK Set, as FetchJWTBundles and FetchWITBundles send it: `use` may be left out.
 *
 * Errors: BUNDLE_INVALID, as `readBundleDocument`.
 * Source: Workload API sections 6.2.2 and 7.2.2.
 */
export function readJwks(text: string | Uint8Array, use: TokenUse): ReadonlyMap<string, KeyObject> {
  const keys = keysOf(readJson(text));
  return readTokenKeys(keys.filter((jwk) => jwk['use'] === undefined || jwk['use'] === use));
}

/**
 * Reads a bundle map: bundles by name of trust domain, as one whole that replaces the last one. Refresh hints inside
 * are dropped, since they must not steer how the map is refreshed.
 *
 * Errors: BUNDLE_INVALID: also for a trust domain that is named twice or by its SPIFFE ID.
 * Source: Trust Domain and Bundle section 5.
 */
export function readBundleMap(text: string | Uint8Array): BundleSet {
  const map = readJson(text)['trust_domains'];
  if (!isJsonObject(map)) throw invalid('it has no object `trust_domains`');
  return BundleSet.of(Object.entries(map).map(([name, value]) => readMember(name, value)));
}

/**
 * Writes a bundle in the SPIFFE format: every key with its use, X.509 authorities as one certificate in `x5c` and
 * without key id, tokens' keys with theirs.
 *
 * Errors: INVARIANT_BROKEN when one key id names two keys, which must not happen in one bundle.
 * Source: Trust Domain and Bundle section 4, X509-SVID section 6.1, JWT-SVID section 6.1, WIT-SVID section 6.1.
 */
export function writeBundleDocument(bundle: Bundle): string {
  for (const kid of bundle.witAuthorities.keys()) {
    if (bundle.jwtAuthorities.has(kid)) throw new SpoorError('INVARIANT_BROKEN', 'one key id names two keys');
  }
  const keys = [
    ...bundle.certificates.map(({ der, crypto }) => ({
      ...writeJwk(crypto.publicKey),
      use: 'x509-svid',
      x5c: [der.toString('base64')],
    })),
    ...tokenKeys(bundle.jwtAuthorities, 'jwt-svid'),
    ...tokenKeys(bundle.witAuthorities, 'wit-svid'),
  ];
  // Members are joined by hand because JSON.stringify knows no bigint.
  const members = [`"keys":${JSON.stringify(keys)}`];
  if (bundle.sequenceNumber !== undefined) members.push(`"spiffe_sequence":${bundle.sequenceNumber}`);
  if (bundle.refreshHintSeconds !== undefined)
    members.push(`"spiffe_refresh_hint":${bundle.refreshHintSeconds}`);
  return `{${members.join(',')}}`;
}

/**
 * Writes keys as the JWK Set that FetchJWTBundles (without `use`, which general JWT libraries stumble over) and
 * FetchWITBundles (with it) carry. No keys are `{"keys":[]}`.
 *
 * Source: Workload API sections 6.2.2 and 7.2.2.
 */
export function writeJwks(keys: ReadonlyMap<string, KeyObject>, use?: 'jwt-svid' | 'wit-svid'): string {
  return JSON.stringify({ keys: tokenKeys(keys, use) });
}

function tokenKeys(keys: ReadonlyMap<string, KeyObject>, use: string | undefined): object[] {
  return Array.from(keys, ([kid, key]) => ({ ...writeJwk(key), kid, ...(use !== undefined && { use }) }));
}

function readMember(name: string, value: unknown): Bundle {
  if (!isJsonObject(value)) throw invalid(`the bundle of ${name.slice(0, 80)} is not an object`);
  const { refreshHintSeconds: _, ...parts } = readParts(value);
  return Bundle.of(readName(name), parts);
}

function readName(name: string): TrustDomain {
  try {
    const trustDomain = TrustDomain.parse(name);
    if (trustDomain.name === name) return trustDomain;
  } catch (cause) {
    throw invalid('a key of `trust_domains` is not the name of a trust domain', cause);
  }
  throw invalid('a key of `trust_domains` is a SPIFFE ID in place of a name');
}

function readParts(document: Readonly<Record<string, unknown>>): BundleParts {
  const keys = keysOf(document);
  const ofUse = (use: string): readonly Record<string, unknown>[] => keys.filter((jwk) => jwk['use'] === use);
  const refreshHint = readCount(document, 'spiffe_refresh_hint');
  return {
    x509Authorities: ofUse('x509-svid').flatMap(readX509Authority),
    jwtAuthorities: readTokenKeys(ofUse('jwt-svid')),
    witAuthorities: readTokenKeys(ofUse('wit-svid')),
    sequenceNumber: readCount(document, 'spiffe_sequence'),
    refreshHintSeconds: refreshHint === undefined ? undefined : Number(refreshHint),
  };
}

function readJson(text: string | Uint8Array): Record<string, unknown> {
  let document: unknown;
  try {
    document = parseIJson(text, { wideIntegers: true });
  } catch (cause) {
    throw invalid(cause instanceof SpoorError ? cause.message : 'it is not JSON', cause);
  }
  if (!isJsonObject(document)) throw invalid('it is not a JSON object');
  return document;
}

function keysOf(document: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  const keys = document['keys'];
  if (!Array.isArray(keys)) throw invalid('it has no array `keys`');
  if (keys.length > MAX_BUNDLE_KEYS) throw invalid(`it has more than ${MAX_BUNDLE_KEYS} keys`);
  return keys.filter(isJsonObject);
}

/** X509-SVID 6.2: an entry without x5c is ignored; of several values "only the first" counts. */
function readX509Authority(jwk: Readonly<Record<string, unknown>>): Buffer[] {
  const [first] = Array.isArray(jwk['x5c']) ? (jwk['x5c'] as unknown[]) : [];
  const bytes = typeof first === 'string' && X509_KEY_TYPES.has(jwk['kty']) ? decodeBase64(first) : undefined;
  if (bytes === undefined) return [];
  try {
    return [readCertificate(bytes).der];
  } catch {
    // RFC 7517 section 5: a key whose members make no sense is treated as one of an unknown kind.
    return [];
  }
}

function readTokenKeys(jwks: readonly Record<string, unknown>[]): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const jwk of jwks) {
    const kid = jwk['kid'];
    const key = readJwk(jwk);
    if (typeof kid !== 'string' || kid === '' || key === undefined) continue;
    if (keys.get(kid)?.equals(key) === false) throw invalid('one key id stands for two keys');
    keys.set(kid, key);
  }
  return keys;
}

function readCount(document: Readonly<Record<string, unknown>>, name: string): bigint | undefined {
  const value = document[name];
  if (value === undefined) return undefined;
  const count = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof count !== 'bigint' || count < 0n) throw invalid(`${name} is not an integer of 0 or more`);
  return count;
}

function invalid(why: string, cause?: unknown): SpoorError {
  return new SpoorError('BUNDLE_INVALID', `not a bundle: ${why}`, { cause });
}
