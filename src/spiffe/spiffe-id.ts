import { SpoorError } from '../core/errors.js';
import { TrustDomain, whyNoTrustDomain } from './trust-domain.js';

const SCHEME = 'spiffe://';
/** SPIFFE-ID section 2.3; all characters that are allowed are one byte. */
export const MAX_SPIFFE_ID_BYTES = 2048;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

/**
 * The name of a workload: a trust domain and a path, e.g. `spiffe://example.org/billing/api`.
 *
 * Immutable. Two ids are the same name exactly when their text is the same.
 */
export class SpiffeId {
  readonly trustDomain: TrustDomain;
  /** Empty for the trust domain's own id; otherwise starts with `/` and has no trailing `/`. */
  readonly path: string;

  private constructor(trustDomain: TrustDomain, path: string) {
    this.trustDomain = trustDomain;
    this.path = path;
  }

  /**
   * Reads a SPIFFE ID from text. Never through URL, which repairs what must be refused.
   *
   * Shape:  `spiffe://` + trust domain (1–255 bytes of a–z 0–9 . _ -) + zero or more `/segment`.
   * Limit:  2048 bytes in all.
   * Errors: SPIFFE_ID_INVALID, naming the first rule broken. Nothing is trimmed, decoded or lower-cased.
   * Source: SPIFFE-ID sections 2.1, 2.2 and 2.3.
   */
  static parse(text: string): SpiffeId {
    if (text.length > MAX_SPIFFE_ID_BYTES)
      throw invalid(text, `it is longer than ${MAX_SPIFFE_ID_BYTES} bytes`);
    if (!text.startsWith(SCHEME)) throw invalid(text, `it does not start with ${SCHEME}`);

    const slash = text.indexOf('/', SCHEME.length);
    const name = text.slice(SCHEME.length, slash === -1 ? undefined : slash);
    const why = whyNoTrustDomain(name) ?? whyNoPath(text.slice(SCHEME.length + name.length));
    if (why !== undefined) throw invalid(text, why);
    return new SpiffeId(TrustDomain.parse(name), text.slice(SCHEME.length + name.length));
  }

  /**
   * The id of `path` in `trustDomain`; an empty path is the trust domain's own id.
   *
   * Errors: SPIFFE_ID_INVALID, as `parse`.
   */
  static of(trustDomain: TrustDomain, path: string): SpiffeId {
    const text = `${SCHEME}${trustDomain.name}${path}`;
    const why =
      text.length > MAX_SPIFFE_ID_BYTES ? `it is longer than ${MAX_SPIFFE_ID_BYTES} bytes` : whyNoPath(path);
    if (why !== undefined) throw invalid(text, why);
    return new SpiffeId(trustDomain, path);
  }

  memberOf(trustDomain: TrustDomain): boolean {
    return this.trustDomain.equals(trustDomain);
  }

  equals(other: SpiffeId): boolean {
    return this.memberOf(other.trustDomain) && this.path === other.path;
  }

  toString(): string {
    return `${SCHEME}${this.trustDomain.name}${this.path}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Whether `segment` can stand between two slashes of a SPIFFE ID. */
export function isPathSegment(segment: string): boolean {
  return whyNoSegment(segment) === undefined;
}

function whyNoPath(path: string): string | undefined {
  if (path === '') return undefined;
  if (!path.startsWith('/')) return 'the path does not start with a slash';
  for (const segment of path.slice(1).split('/')) {
    const why = whyNoSegment(segment);
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyNoSegment(segment: string): string | undefined {
  if (segment === '') return 'the path has an empty segment or a trailing slash';
  if (segment === '.' || segment === '..') return 'the path has a dot segment';
  return SEGMENT.test(segment)
    ? undefined
    : 'a path segment may hold only letters, digits, dot, dash and underscore';
}

function invalid(text: string, why: string): SpoorError {
  return new SpoorError('SPIFFE_ID_INVALID', `not a SPIFFE ID: ${why}`, {
    facts: { text: text.slice(0, 80) },
  });
}
