import type { JwsAlgorithm } from '../encoding/jws.js';
import type { Bundle } from '../spiffe/bundle.js';

/** The three kinds of authority; each has a lifecycle of its own. */
export type Profile = 'x509' | 'jwt' | 'wit';

/**
 * Where an authority stands.
 *
 * `prepared`: its key is on disk. `published`: verifiers see it. `active`: it signs. `old`: it signs no more and is
 * published until nothing that it signed can be valid. `tainted`: as old, and what it signed is replaced at once.
 * `revoked`: no longer published. `removed`: gone; only the record still knows it.
 */
export type AuthorityStanding =
  'prepared' | 'published' | 'active' | 'old' | 'tainted' | 'revoked' | 'removed';

/** Signs X509-SVIDs. Its key cannot be taken out of it. */
export interface X509Signer {
  /** The first 16 bytes of the SHA-256 fingerprint of its certificate, lower-case hex. */
  readonly id: string;
  /** DER of the signing certificate. */
  readonly certificate: Buffer;
  /** DER; sent along with each SVID, the leaf's issuer first. Empty when the signer is itself in the bundle. */
  readonly chain: readonly Buffer[];
  /** DER of the signing certificate's subject, byte for byte. */
  readonly subject: Buffer;
  readonly subjectKeyId: Buffer;
  readonly notBefore: Date;
  /** Nothing that it signs may outlive this: the first end in the whole chain up to the root. */
  readonly notAfter: Date;
  /** DER of the AlgorithmIdentifier that goes with `sign`. */
  readonly signatureAlgorithm: Buffer;
  /** Errors: AUTHORITY_NOT_READY once it is tainted. */
  sign(tbs: Uint8Array): Buffer;
}

/** Signs JWT-SVIDs or WIT-SVIDs. Its key cannot be taken out of it. */
export interface TokenSigner {
  /** Unique over the JWT and WIT keys of the trust domain together (WIT-SVID 6.1). */
  readonly kid: string;
  readonly algorithm: JwsAlgorithm;
  readonly notBefore: Date;
  /** Nothing that it signs may outlive this. */
  readonly notAfter: Date;
  /** `header` needs no `alg` and no `kid`. Errors: AUTHORITY_NOT_READY once it is tainted. */
  sign(header: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>): string;
}

/** One authority, as operators see it. */
export interface AuthorityState {
  readonly profile: Profile;
  readonly id: string;
  readonly state: AuthorityStanding;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** When its state is next to change by itself. */
  readonly nextChange?: Date;
}

/** What signs now and what is published now. Immutable. */
export interface AuthoritySet {
  readonly x509: X509Signer;
  readonly jwt: TokenSigner;
  readonly wit: TokenSigner;
  /** `iss` of JWT-SVIDs; undefined when none is set. */
  readonly jwtIssuer: string | undefined;
  /** The own bundle with everything that is published, without what bundles.d adds. */
  readonly bundle: Bundle;
  /** Ids of authorities that must never sign again. */
  readonly tainted: ReadonlySet<string>;
  /** Ids whose documents are to be replaced at once: the tainted, and those that an operator rotated away. */
  readonly replaced: ReadonlySet<string>;
  readonly states: readonly AuthorityState[];
}

/** True when `signer` may sign now: not tainted, and within its validity. */
export function isReady(
  signer: { readonly notBefore: Date; readonly notAfter: Date },
  id: string,
  set: Pick<AuthoritySet, 'tainted'>,
  now: Date,
): boolean {
  return signer.notBefore <= now && now < signer.notAfter && !set.tainted.has(id);
}
