import type { Lifetimes } from '../authority/settings.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import type { Entry, Match } from '../entries/entry.js';
import type { DocumentKind, LiveDocument } from './document-kind.js';
import { sameMatches } from './same-matches.js';
import type { IssuedX509Svid, X509View } from './views.js';
import type { World } from './world.js';
import type { X509Mint } from './x509-mint.js';

/** An X509-SVID without what its entry says beside it. */
export interface X509Document extends LiveDocument {
  readonly chain: Buffer;
  readonly key: Buffer;
  readonly serial: string;
  readonly fingerprint: string;
  readonly notBefore: Date;
  readonly dnsNames: readonly string[];
}

/** X509-SVIDs, and how they are shown to their instance. */
export function x509Kind(mint: X509Mint, lifetimes: Lifetimes): DocumentKind<X509Document, X509View> {
  return {
    profile: 'x509',
    empty: { svids: [], bundle: [], federated: new Map(), matches: { matches: [], refused: [] } },
    ttlOf: ({ x509SvidTtlSeconds }) => x509SvidTtlSeconds ?? lifetimes.x509SvidSeconds,
    signerOf: ({ x509 }) => x509,
    issue: ({ entry, spiffeId }, { x509 }, { notBefore, notAfter }) => {
      const subject = { spiffeId: spiffeId.toString(), dnsNames: entry.dnsNames };
      const { certificate, key, serial, fingerprint } = mint.mint(subject, x509, notBefore, notAfter);
      const chain = x509.chain.length === 0 ? certificate : Buffer.concat([certificate, ...x509.chain]);
      return { ...subject, entryId: entry.id, chain, key, serial, fingerprint, notBefore, notAfter };
    },
    isFor: ({ dnsNames }, entry) => sameStrings(dnsNames, entry.dnsNames),
    recordOf: ({ serial, fingerprint }) => ({ kind: 'x509', serial, fingerprint }),
    compose: (documents, matches, world) => ({
      svids: documents.map(([match, document]) => svidOf(match, document)),
      bundle: world.own.x509Authorities,
      federated: federatedOf(documents, world),
      matches,
    }),
    isSame,
  };
}

function svidOf({ entry }: Match, { dnsNames: _unsent, ...document }: X509Document): IssuedX509Svid {
  return { ...document, hint: entry.hint, federatesWith: entry.federatesWith };
}

/** Only of trust domains that have X509-SVIDs: a bundle is never empty on the wire. */
function federatedOf(
  documents: readonly (readonly [Match, X509Document])[],
  { foreign }: World,
): ReadonlyMap<string, readonly Buffer[]> {
  const bundles = new Map<string, readonly Buffer[]>();
  for (const trustDomain of federatedTrustDomains(documents.map(([{ entry }]) => entry))) {
    const authorities = foreign.bundles.get(trustDomain)?.x509Authorities ?? [];
    if (authorities.length > 0) bundles.set(trustDomain.id.toString(), authorities);
  }
  return bundles;
}

/** All that the entries federate with, each once, in the order of their names. */
export function federatedTrustDomains(entries: readonly Entry[]): readonly TrustDomain[] {
  const names = new Set(entries.flatMap(({ federatesWith }) => federatesWith));
  return [...names].toSorted().map((name) => TrustDomain.parse(name));
}

function isSame(one: X509View, other: X509View): boolean {
  return (
    one.svids.length === other.svids.length &&
    one.svids.every((svid, index) => sameSvid(svid, other.svids[index])) &&
    sameCertificates(one.bundle, other.bundle) &&
    one.federated.size === other.federated.size &&
    [...one.federated].every(([name, bundle]) => sameCertificates(bundle, other.federated.get(name))) &&
    (one.svids.length > 0 || sameMatches(one.matches, other.matches))
  );
}

function sameSvid(one: IssuedX509Svid, other: IssuedX509Svid | undefined): boolean {
  return (
    one.fingerprint === other?.fingerprint &&
    one.hint === other.hint &&
    sameStrings(one.federatesWith, other.federatesWith)
  );
}

function sameStrings(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((text, index) => text === other[index]));
}

function sameCertificates(one: readonly Buffer[], other: readonly Buffer[] | undefined): boolean {
  if (one === other) return true;
  return (
    one.length === other?.length && one.every((der, index) => der.equals(other[index] ?? Buffer.alloc(0)))
  );
}
