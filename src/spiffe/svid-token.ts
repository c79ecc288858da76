import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { type ErrorCode, SpoorError } from '../core/errors.js';
import { isJsonObject, parseIJson } from '../encoding/i-json.js';
import {
  type CompactJws,
  isJwsAlgorithm,
  type JwsAlgorithm,
  keySuits,
  parseJws,
  verifyJws,
} from '../encoding/jws.js';
import { SpiffeId } from './spiffe-id.js';

/** What tells the two kinds of token apart: their names, and the clause behind each check that they share. */
export interface TokenRules {
  readonly name: string;
  readonly code: ErrorCode;
  readonly clauses: Readonly<Record<TokenCheck, string>>;
}

type TokenCheck =
  | 'unsuited'
  | 'form'
  | 'algorithm'
  | 'crit'
  | 'claims'
  | 'subject'
  | 'expiry'
  | 'expired'
  | 'early'
  | 'signature';

/** A token taken apart: its form is right, its signature and its time are not yet judged. */
export interface OpenToken {
  readonly jws: CompactJws;
  readonly algorithm: JwsAlgorithm;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly id: SpiffeId;
  readonly expiresAt: Date;
  readonly notBefore: Date | undefined;
  readonly issuedAt: Date | undefined;
}

/**
 * Takes a token apart; the algorithm is looked at before anything else in it.
 *
 * Errors: the code of `rules`.
 * Source: JWT-SVID sections 2 to 4, WIT-SVID sections 2 to 4, RFC 7515 section 4.1.11.
 */
export function openToken(token: string, rules: TokenRules): OpenToken {
  const jws = attempt(() => parseJws(token), rules, 'form');
  const algorithm = jws.header['alg'];
  if (!isJwsAlgorithm(algorithm))
    throw refuse(rules, 'algorithm', 'its algorithm is not one of the nine allowed');
  // Whatever `crit` lists, it lists something that is not understood here.
  if ('crit' in jws.header) throw refuse(rules, 'crit', 'its header demands an extension that is not known');
  const claims = attempt(() => parseIJson(jws.payload), rules, 'claims');
  if (!isJsonObject(claims)) throw refuse(rules, 'claims', 'its payload is not a JSON object');
  const expiresAt = readInstant(claims, 'exp', rules);
  if (expiresAt === undefined) throw refuse(rules, 'expiry', 'it has no exp');
  return {
    jws,
    algorithm,
    claims,
    id: readSubject(claims, rules),
    expiresAt,
    notBefore: readInstant(claims, 'nbf', rules),
    issuedAt: readInstant(claims, 'iat', rules),
  };
}

/**
 * Checks the signature against keys of the subject's own trust domain. Without a key id every key that suits the
 * algorithm is tried; a key id that is not among them is another trust domain's, or gone.
 *
 * Errors: the code of `rules`.
 */
export function checkSignature(
  token: OpenToken,
  keys: ReadonlyMap<string, KeyObject>,
  rules: TokenRules,
): void {
  const { jws, algorithm } = token;
  const kid = jws.header['kid'];
  const named = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (kid !== undefined && named === undefined)
    throw refuse(rules, 'signature', 'its key is not in the bundle');
  const candidates = named === undefined ? [...keys.values()] : [named];
  const suited = candidates.filter((key) => keySuits(algorithm, key));
  if (suited.length === 0) throw refuse(rules, 'unsuited', `no key of the bundle suits ${algorithm}`);
  if (!suited.some((key) => verifyJws(jws, algorithm, key))) {
    throw refuse(rules, 'signature', 'its signature does not hold');
  }
}

/**
 * Checks `exp` and, when there is one, `nbf`. `iat` says nothing about validity.
 *
 * Errors: the code of `rules`.
 * Source: RFC 7519 sections 4.1.4 and 4.1.5.
 */
export function checkTime(token: OpenToken, now: Date, leewaySeconds: number, rules: TokenRules): void {
  const leewayMs = leewaySeconds * 1000;
  const { expiresAt, notBefore } = token;
  if (now.getTime() >= expiresAt.getTime() + leewayMs) {
    throw refuse(rules, 'expired', `it expired at ${expiresAt.toISOString()}`);
  }
  if (notBefore !== undefined && now.getTime() < notBefore.getTime() - leewayMs) {
    throw refuse(rules, 'early', `it is not valid before ${notBefore.toISOString()}`);
  }
}

/** An error with the code of `rules`, naming the clause of `check`, or the clause itself. */
export function refuse(
  rules: TokenRules,
  check: TokenCheck | { clause: string },
  why: string,
  cause?: unknown,
): SpoorError {
  const clause = typeof check === 'string' ? rules.clauses[check] : check.clause;
  return new SpoorError(rules.code, `not a ${rules.name}: ${why}`, { facts: { clause }, cause });
}

/** Keeps the token out of logs: what is printed of the SVID is all but the token. */
export function hideToken<T extends { readonly token: string }>(svid: T): T {
  const shown = (): object => ({ ...svid, token: '(not shown)' });
  Object.defineProperty(svid, 'toJSON', { value: shown });
  Object.defineProperty(svid, inspect.custom, { value: shown });
  return Object.freeze(svid);
}

function readSubject(claims: Readonly<Record<string, unknown>>, rules: TokenRules): SpiffeId {
  const subject = claims['sub'];
  if (typeof subject !== 'string') throw refuse(rules, 'subject', 'it has no sub');
  return attempt(() => SpiffeId.parse(subject), rules, 'subject');
}

/** Seconds since 1970, which may have a fraction (RFC 7519 section 2); undefined when absent. */
function readInstant(
  claims: Readonly<Record<string, unknown>>,
  name: string,
  rules: TokenRules,
): Date | undefined {
  const seconds = claims[name];
  if (seconds === undefined) return undefined;
  const at = new Date(typeof seconds === 'number' ? seconds * 1000 : Number.NaN);
  if (Number.isNaN(at.getTime()))
    throw refuse(rules, name === 'exp' ? 'expiry' : 'claims', `its ${name} is no instant`);
  return at;
}

function attempt<T>(work: () => T, rules: TokenRules, check: TokenCheck): T {
  try {
    return work();
  } catch (cause) {
    throw refuse(rules, check, cause instanceof SpoorError ? cause.message : 'it cannot be read', cause);
  }
}
