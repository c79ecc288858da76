import { randomUUID } from 'node:crypto';
import type { TokenSigner } from '../authority/authority-set.js';
import { privateJwk, publicJwk, type P256Keys } from '../keys/p256.js';

/** WITs are bound to a P-256 key, and their proofs are signed with this. */
const PROOF_ALGORITHM = 'ES256';

export interface MintedToken {
  readonly token: string;
  readonly jti: string;
}

/** A WIT-SVID with the private key that it is bound to. */
export interface MintedWit extends MintedToken {
  /** JWK of the private key, JSON. */
  readonly key: string;
}

export interface JwtFacts {
  readonly spiffeId: string;
  /** All that were asked for, as they were asked for (Workload API 6.2.1). */
  readonly audience: readonly string[];
  /** `iss`; undefined leaves the claim out. */
  readonly issuer: string | undefined;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/**
 * Makes a JWT-SVID.
 *
 * Errors: AUTHORITY_NOT_READY when the signer does not sign.
 * Source: JWT-SVID sections 2 and 3: no header but alg, kid and typ.
 */
export function mintJwt(signer: TokenSigner, facts: JwtFacts): MintedToken {
  const { spiffeId: sub, audience: aud, issuer: iss } = facts;
  const [iat, exp] = [secondsOf(facts.issuedAt), secondsOf(facts.expiresAt)];
  const jti = randomUUID();
  const claims = { ...(iss !== undefined && { iss }), sub, aud, iat, exp, jti };
  return { token: signer.sign({ typ: 'JWT' }, claims), jti };
}

export type WitFacts = Pick<JwtFacts, 'spiffeId' | 'issuedAt' | 'expiresAt'>;

/**
 * Makes a WIT-SVID, bound to a new key.
 *
 * Errors: AUTHORITY_NOT_READY when the signer does not sign.
 * Source: WIT-SVID sections 2, 3 and 4: never `aud`; `iss` is left out, since it should not be a URL that discovery
 *         documents are looked for at.
 */
export function mintWit(signer: TokenSigner, facts: WitFacts, keys: P256Keys): MintedWit {
  const key = keys.generate();
  const cnf = { jwk: { ...publicJwk(key), alg: PROOF_ALGORITHM } };
  const [iat, exp] = [secondsOf(facts.issuedAt), secondsOf(facts.expiresAt)];
  const jti = randomUUID();
  const token = signer.sign({ typ: 'wit+jwt' }, { sub: facts.spiffeId, iat, exp, jti, cnf });
  return { token, jti, key: JSON.stringify({ ...privateJwk(key), alg: PROOF_ALGORITHM }) };
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}
