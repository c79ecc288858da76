import type { MatchResult } from '../entries/entry.js';
import type { Bundle } from '../spiffe/bundle.js';

/** What of a call goes into the record. */
export interface CallFacts {
  readonly call: number;
}

/** What a stream can hold open. */
export type ViewProfile = 'x509' | 'bundles' | 'wit';

/** One X509-SVID of one instance, with its key. */
export interface IssuedX509Svid {
  readonly spiffeId: string;
  /** Concatenated DER, leaf first. */
  readonly chain: Buffer;
  /** PKCS#8 DER, not encrypted. */
  readonly key: Buffer;
  readonly hint: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** SHA-256 of the leaf's DER, lower-case hex. */
  readonly fingerprint: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly entryId: string;
  /** Names of trust domains. */
  readonly federatesWith: readonly string[];
}

/** The X509-SVIDs of one instance and what verifies those of others. Empty `svids`: nothing is issued to it. */
export interface X509View {
  readonly svids: readonly IssuedX509Svid[];
  /** DER of the own trust domain's authorities. */
  readonly bundle: readonly Buffer[];
  /** By SPIFFE ID of the trust domain, `spiffe://td`; only those that its entries federate with. */
  readonly federated: ReadonlyMap<string, readonly Buffer[]>;
  readonly matches: MatchResult;
}

/** What one instance may verify with. */
export interface BundlesView {
  /** False when no entry matches. */
  readonly entitled: boolean;
  readonly own: Bundle;
  /** In the order of their names. */
  readonly federated: readonly Bundle[];
}

/** One WIT-SVID of one instance, with its key. */
export interface IssuedWitSvid {
  readonly spiffeId: string;
  readonly token: string;
  /** JWK of the private key, JSON. */
  readonly key: string;
  readonly hint: string;
  readonly expiresAt: Date;
  readonly jti: string;
  readonly entryId: string;
}

/** The WIT-SVIDs of one instance. */
export interface WitView {
  readonly svids: readonly IssuedWitSvid[];
  readonly matches: MatchResult;
}

/** One JWT-SVID. It is a bearer token: it belongs to the instance that asked for it. */
export interface IssuedJwtSvid {
  readonly spiffeId: string;
  readonly token: string;
  readonly hint: string;
  readonly expiresAt: Date;
  readonly jti: string;
  readonly entryId: string;
}
