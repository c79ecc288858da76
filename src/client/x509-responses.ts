import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { Bundle, BundleSet } from '../spiffe/bundle.js';
import { readCertificate } from '../spiffe/certificate.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import { splitCertificates, X509Svid } from '../spiffe/x509-svid.js';
import type { X509BundlesResponse, X509SVID, X509SVIDResponse } from '../wire/workload-api.js';
import { firstOfEachHint } from './hints.js';

/** What a workload is, and by what it judges others: everything that one FetchX509SVID message says. */
export interface X509Context {
  /** The default identity first. Empty only when the identity was withdrawn. */
  readonly svids: readonly X509Svid[];
  /** The bundles of the SVIDs' own trust domains and of the federated ones. */
  readonly bundles: BundleSet;
}

/** What holds after the Workload API has said that there is no identity any more. */
export const WITHDRAWN: X509Context = { svids: [], bundles: BundleSet.of([]) };

/**
 * Reads one FetchX509SVID message. Revocation lists are not read.
 *
 * A federated bundle that cannot be read is reported and left out, so that its trust domain is not trusted; the rest
 * holds.
 *
 * Errors: RESPONSE_INVALID when a mandatory field is empty or an SVID cannot be read; the message is to be discarded.
 * Source: Workload API sections 4.5 and 5.2.1.
 */
export function readX509Context(message: X509SVIDResponse, log: Logger): X509Context {
  if (message.svids.length === 0) throw incomplete('FetchX509SVID', 'svids');
  const identities = firstOfEachHint(message.svids).map(readIdentity);
  const federated = readBundles(message.federated_bundles, log);
  const own = identities.map(({ bundle }) => bundle);
  return { svids: identities.map(({ svid }) => svid), bundles: BundleSet.of([...federated, ...own]) };
}

/**
 * Reads one FetchX509Bundles message. A bundle that cannot be read is reported and left out.
 *
 * Errors: RESPONSE_INVALID when there is no bundle at all.
 * Source: Workload API section 5.2.2.
 */
export function readX509Bundles(message: X509BundlesResponse, log: Logger): BundleSet {
  if (Object.keys(message.bundles).length === 0) throw incomplete('FetchX509Bundles', 'bundles');
  return BundleSet.of(readBundles(message.bundles, log));
}

/** A message that lacks what the standard makes mandatory. */
export function incomplete(method: string, field: string): SpoorError {
  return new SpoorError('RESPONSE_INVALID', `a message of ${method} lacks the mandatory field ${field}`, {
    facts: { method, field },
  });
}

/** A message with content that cannot be read. */
export function unreadable(method: string, cause: unknown): SpoorError {
  const why = cause instanceof Error ? cause.message : 'for an unknown reason';
  return new SpoorError('RESPONSE_INVALID', `a message of ${method} cannot be read: ${why}`, {
    facts: { method },
    cause,
  });
}

function readIdentity(wire: X509SVID): { readonly svid: X509Svid; readonly bundle: Bundle } {
  for (const field of ['spiffe_id', 'x509_svid', 'x509_svid_key', 'bundle'] as const) {
    if (wire[field].length === 0) throw incomplete('FetchX509SVID', field);
  }
  try {
    const svid = X509Svid.parse(wire.x509_svid, wire.x509_svid_key, wire.hint);
    if (svid.id.toString() !== wire.spiffe_id) throw new Error('spiffe_id is not that of the certificate');
    return { svid, bundle: readBundle(svid.id.trustDomain, wire.bundle) };
  } catch (cause) {
    throw unreadable('FetchX509SVID', cause);
  }
}

function readBundles(bundles: Readonly<Record<string, Uint8Array>>, log: Logger): readonly Bundle[] {
  return Object.entries(bundles).flatMap(([id, der]) => {
    try {
      return [readBundle(TrustDomain.parse(id), der)];
    } catch (error) {
      log.warn('a bundle cannot be read; its trust domain is not trusted', { trustDomain: id, error });
      return [];
    }
  });
}

function readBundle(trustDomain: TrustDomain, der: Uint8Array): Bundle {
  const x509Authorities = splitCertificates(der).map((one) => readCertificate(one).der);
  return Bundle.of(trustDomain, { x509Authorities });
}
