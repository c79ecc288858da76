import { SpoorError } from '../core/errors.js';
import { type Certificate, isSelfIssued, isSignedBy } from './certificate.js';
import { OID } from './certificate-extensions.js';
import { readNameConstraints, whyConstrained } from './name-constraints.js';

/** Certificates of one path, leaf and trust anchor included. */
export const MAX_PATH_CERTIFICATES = 8;
/** Signatures that one validation verifies, so that a chain made to branch cannot keep the processor busy. */
const MAX_SIGNATURES = 64;

/** Extensions that may be critical. Policies need no check while no policy is asked for; policy constraints would. */
const UNDERSTOOD: ReadonlySet<string> = new Set(Object.values(OID));

interface Search {
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly now: Date;
  signaturesLeft: number;
  /** Why the best path that was found is none. */
  failure: string;
}

/**
 * Validates the path from a leaf to one of the trust anchors.
 *
 * Checked on the whole path: signatures, validity, chaining of names, CA flag, keyCertSign, path length, name
 * constraints, and that no critical extension is unknown. An anchor is held to the same rules as an intermediate.
 *
 * Takes:   `intermediates` — in any order; those that do not belong are passed over.
 * Returns: the path, leaf first, anchor last.
 * Errors:  X509_SVID_INVALID, clause X509-5.1a.
 * Source:  RFC 5280 section 6.1, X509-SVID section 5.1.
 */
export function validatePath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
  now: Date,
): readonly Certificate[] {
  const failure = 'no authority of the bundle issued it';
  const search: Search = { intermediates, anchors, now, signaturesLeft: MAX_SIGNATURES, failure };
  const path = findPath([leaf], search);
  if (path !== undefined) return path;
  throw new SpoorError('X509_SVID_INVALID', `the certificate path is not valid: ${search.failure}`, {
    facts: { clause: 'X509-5.1a' },
  });
}

/** Depth first, anchors before intermediates; gives the first path that holds. */
function findPath(path: readonly Certificate[], search: Search): readonly Certificate[] | undefined {
  if (path.length >= MAX_PATH_CERTIFICATES) return undefined;
  for (const anchor of issuersAmong(search.anchors, path, search)) {
    const why = whyInvalid([...path, anchor], search.now);
    if (why === undefined) return [...path, anchor];
    search.failure = why;
  }
  for (const intermediate of issuersAmong(search.intermediates, path, search)) {
    const found = findPath([...path, intermediate], search);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* issuersAmong(
  candidates: readonly Certificate[],
  path: readonly Certificate[],
  search: Search,
): Generator<Certificate> {
  const last = path.at(-1);
  if (last === undefined) return;
  for (const candidate of candidates) {
    if (!last.issuer.equals(candidate.subject)) continue;
    search.signaturesLeft -= 1;
    if (search.signaturesLeft < 0) {
      search.failure = `it takes more than ${MAX_SIGNATURES} signatures to follow`;
      return;
    }
    if (isSignedBy(last, candidate)) yield candidate;
    else search.failure = 'a signature does not hold';
  }
}

/** The rules that need the whole path, leaf first; the names chain and the signatures hold already. */
function whyInvalid(path: readonly Certificate[], now: Date): string | undefined {
  for (const [depth, certificate] of path.entries()) {
    const below = path.slice(0, depth);
    const why = whyUnusable(certificate, now) ?? (depth === 0 ? undefined : whyNoIssuer(certificate, below));
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyUnusable({ notBefore, notAfter, extensions }: Certificate, now: Date): string | undefined {
  if (now < notBefore) return `a certificate is not valid before ${notBefore.toISOString()}`;
  if (now > notAfter) return `a certificate was valid until ${notAfter.toISOString()}`;
  for (const [id, { critical }] of extensions) {
    if (critical && !UNDERSTOOD.has(id)) return `the critical extension ${id} is not known`;
  }
  return undefined;
}

function whyNoIssuer(issuer: Certificate, below: readonly Certificate[]): string | undefined {
  const { ca, pathLength = Infinity } = issuer.basicConstraints;
  if (!ca) return 'an issuer is no CA';
  if (issuer.keyUsage?.keyCertSign !== true) return 'an issuer lacks the key usage keyCertSign';
  const follows = below.slice(1).filter((certificate) => !isSelfIssued(certificate)).length;
  if (follows > pathLength) return 'the path is longer than an issuer allows';
  return whyOutside(issuer, below);
}

function whyOutside(issuer: Certificate, below: readonly Certificate[]): string | undefined {
  try {
    const constraints = readNameConstraints(issuer);
    if (constraints === undefined) return undefined;
    const held = below.filter((certificate, depth) => depth === 0 || !isSelfIssued(certificate));
    return held
      .map((certificate) => whyConstrained(certificate, constraints))
      .find((why) => why !== undefined);
  } catch (error) {
    if (error instanceof SpoorError) return `name constraints cannot be applied: ${error.message}`;
    throw error;
  }
}
