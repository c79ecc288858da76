import type { KeyObject } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.js';
import type { TrustDomain } from './trust-domain.js';

/** What a bundle can be made of; what is left out is empty. */
export interface BundleParts {
  /** DER certificates; what stands twice is kept once. */
  readonly x509Authorities?: readonly Uint8Array[];
  readonly jwtAuthorities?: ReadonlyMap<string, KeyObject>;
  readonly witAuthorities?: ReadonlyMap<string, KeyObject>;
  readonly sequenceNumber?: bigint | undefined;
  readonly refreshHintSeconds?: number | undefined;
}

/** Anything that knows the bundle of a trust domain. */
export interface BundleLookup {
  get(trustDomain: TrustDomain): Bundle | undefined;
}

/** The keys of one trust domain, by kind of SVID. Immutable; it judges SVIDs of its own trust domain and no other. */
export class Bundle implements BundleLookup {
  readonly trustDomain: TrustDomain;
  /** CA certificates, DER. Empty: the trust domain has no X509-SVIDs. */
  readonly x509Authorities: readonly Buffer[];
  /** Public keys by key id. Empty: the trust domain has no JWT-SVIDs. */
  readonly jwtAuthorities: ReadonlyMap<string, KeyObject>;
  /** Public keys by key id. Empty: the trust domain has no WIT-SVIDs. */
  readonly witAuthorities: ReadonlyMap<string, KeyObject>;
  readonly sequenceNumber?: bigint;
  readonly refreshHintSeconds?: number;
  #certificates: readonly Certificate[] | undefined;

  private constructor(trustDomain: TrustDomain, parts: BundleParts) {
    this.trustDomain = trustDomain;
    this.x509Authorities = withoutDuplicates(parts.x509Authorities ?? []);
    this.jwtAuthorities = new Map(parts.jwtAuthorities);
    this.witAuthorities = new Map(parts.witAuthorities);
    if (parts.sequenceNumber !== undefined) this.sequenceNumber = parts.sequenceNumber;
    if (parts.refreshHintSeconds !== undefined) this.refreshHintSeconds = parts.refreshHintSeconds;
  }

  static of(trustDomain: TrustDomain, parts: BundleParts = {}): Bundle {
    return new Bundle(trustDomain, parts);
  }

  /** The X.509 authorities, read once, when they are first asked for. Errors: DER_INVALID. */
  get certificates(): readonly Certificate[] {
    this.#certificates ??= this.x509Authorities.map(readCertificate);
    return this.#certificates;
  }

  /** Itself, for its own trust domain, so that one bundle serves where a set is asked for. */
  get(trustDomain: TrustDomain): Bundle | undefined {
    return this.trustDomain.equals(trustDomain) ? this : undefined;
  }

  /** Whether both say the same; the order of keys does not matter. */
  equals(other: Bundle): boolean {
    return (
      this.trustDomain.equals(other.trustDomain) &&
      this.sequenceNumber === other.sequenceNumber &&
      this.refreshHintSeconds === other.refreshHintSeconds &&
      sameCertificates(this.x509Authorities, other.x509Authorities) &&
      sameKeys(this.jwtAuthorities, other.jwtAuthorities) &&
      sameKeys(this.witAuthorities, other.witAuthorities)
    );
  }
}

/** Bundles by trust domain: each judges its own SVIDs, and they are never merged (Federation section 4.2). */
export class BundleSet implements BundleLookup {
  readonly #bundles: ReadonlyMap<string, Bundle>;

  private constructor(bundles: ReadonlyMap<string, Bundle>) {
    this.#bundles = bundles;
  }

  /** Of two bundles of one trust domain the later is kept. */
  static of(bundles: Iterable<Bundle>): BundleSet {
    return new BundleSet(new Map(Array.from(bundles, (bundle) => [bundle.trustDomain.name, bundle])));
  }

  get size(): number {
    return this.#bundles.size;
  }

  get(trustDomain: TrustDomain): Bundle | undefined {
    return this.#bundles.get(trustDomain.name);
  }

  [Symbol.iterator](): Iterator<Bundle> {
    return this.#bundles.values();
  }
}

function withoutDuplicates(certificates: readonly Uint8Array[]): readonly Buffer[] {
  return [...new Map(certificates.map((der) => [hex(der), Buffer.from(der)])).values()];
}

function sameCertificates(some: readonly Buffer[], others: readonly Buffer[]): boolean {
  const known = new Set(others.map(hex));
  return some.length === others.length && some.every((der) => known.has(hex(der)));
}

function sameKeys(some: ReadonlyMap<string, KeyObject>, others: ReadonlyMap<string, KeyObject>): boolean {
  return some.size === others.size && [...some].every(([id, key]) => others.get(id)?.equals(key) ?? false);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
