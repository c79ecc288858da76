import { SpoorError } from '../core/errors.js';
import { readBundleDocument, readPemBundle } from '../spiffe/bundle-document.js';
import type { Bundle } from '../spiffe/bundle.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';

export type BundleFormat = 'spiffe' | 'pem';

/** As many keys as a bundle may have, each with a certificate of 4 KB. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/**
 * Reads a bundle that comes to take the place of `before`. One without any key is taken too: it says that nobody of that
 * trust domain is to be trusted any more.
 *
 * Errors: BUNDLE_INVALID, also when its sequence number is lower than the one it would replace.
 * Source: Trust Domain and Bundle section 4.1.3; Federation section 4.2: the latest bundle is told by its sequence, and
 *         where there is none by what came last.
 */
export function receiveBundle(
  trustDomain: TrustDomain,
  document: string | Buffer,
  format: BundleFormat,
  before: Bundle | undefined,
): Bundle {
  if (Buffer.byteLength(document) > MAX_DOCUMENT_BYTES) {
    throw new SpoorError('BUNDLE_INVALID', `not a bundle: it is longer than ${MAX_DOCUMENT_BYTES} bytes`);
  }
  const bundle =
    format === 'pem'
      ? readPemBundle(trustDomain, document.toString())
      : readBundleDocument(trustDomain, document);
  refuseOlder(bundle.sequenceNumber, before?.sequenceNumber);
  return before?.equals(bundle) ? before : bundle;
}

function refuseOlder(sequence: bigint | undefined, before: bigint | undefined): void {
  if (sequence === undefined || before === undefined || sequence >= before) return;
  throw new SpoorError('BUNDLE_INVALID', `its sequence ${sequence} is older than ${before}, which is held`);
}
