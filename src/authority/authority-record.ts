import type { KeyObject } from 'node:crypto';
import type { JwsAlgorithm } from '../encoding/jws.js';
import type { AuthorityStanding, Profile } from './authority-set.js';

/** One authority as the manifest keeps it. Its private key lies in a file of its own, while it may still sign. */
export interface AuthorityRecord {
  readonly profile: Profile;
  /** The start of the certificate's fingerprint (x509) or the kid, 32 hex digits; unique over all profiles. */
  readonly id: string;
  readonly state: Exclude<AuthorityStanding, 'removed'>;
  /** When it came into this state. */
  readonly since: Date;
  /** When it is to sign; set with `published`. */
  readonly activateAt?: Date;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly public: X509Public | TokenPublic;
}

/** The public half of an X.509 authority. */
export interface X509Public {
  readonly kind: 'x509';
  /** True when certificate and key are files of the user's; then no key of ours lies in the state folder. */
  readonly upstream: boolean;
  /** DER, the signing certificate. */
  readonly certificate: Buffer;
  /** DER; sent along with each leaf. */
  readonly chain: readonly Buffer[];
  /** DER; what verifiers need for everything that it signed. */
  readonly roots: readonly Buffer[];
}

/** The public half of a JWT or WIT authority. */
export interface TokenPublic {
  readonly kind: 'token';
  readonly algorithm: JwsAlgorithm;
  readonly publicKey: KeyObject;
}

/** True while verifiers are to know it. */
export function isPublished({ state }: AuthorityRecord): boolean {
  return state === 'published' || state === 'active' || state === 'old' || state === 'tainted';
}

/** True while its private key is needed; after that the key is destroyed, so that it cannot sign again. */
export function maySign({ state }: AuthorityRecord): boolean {
  return state === 'prepared' || state === 'published' || state === 'active';
}

/** Within its validity: false also for one from the future, after the clock was set back. */
export function isValidAt({ notBefore, notAfter }: AuthorityRecord, now: Date): boolean {
  return notBefore <= now && now < notAfter;
}

/** Name of its key file, without suffix. */
export function keyNameOf({ profile, id }: AuthorityRecord): string {
  return `${profile}-${id}`;
}

/** The same authority in another state, from `now` on. */
export function moved(
  record: AuthorityRecord,
  state: AuthorityRecord['state'],
  now: Date,
  activateAt?: Date,
): AuthorityRecord {
  const { activateAt: _before, ...rest } = record;
  return { ...rest, state, since: now, ...(activateAt && { activateAt }) };
}
