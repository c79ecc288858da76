import { SpoorError } from '../core/errors.js';
import { SpiffeId } from './spiffe-id.js';

/** SPIFFE-ID section 2.3. */
const MAX_TRUST_DOMAIN_BYTES = 255;
// SPIFFE-ID 2.4 calls the trust domain case-insensitive, 2.1 demands lower case; like go-spiffe, we refuse upper case.
const NAME = /^[a-z0-9._-]+$/;

/**
 * The name of a trust domain, e.g. `example.org`.
 *
 * Immutable. Two trust domains are the same exactly when their names are the same bytes: nothing is looked up,
 * stripped or canonicalised, whether it looks like a DNS name, an IP address or neither.
 */
export class TrustDomain {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * Reads a trust domain from its name, or from its own SPIFFE ID (`spiffe://example.org`, no path).
   *
   * Limit:  255 bytes.
   * Errors: TRUST_DOMAIN_INVALID, naming the first rule broken.
   * Source: SPIFFE-ID sections 2.1 and 2.3.
   */
  static parse(nameOrId: string): TrustDomain {
    const name = nameOrId.startsWith('spiffe://') ? nameOrId.slice('spiffe://'.length) : nameOrId;
    const why = whyNoTrustDomain(name);
    if (why === undefined) return new TrustDomain(name);
    throw new SpoorError('TRUST_DOMAIN_INVALID', `not a trust domain: ${why}`, {
      facts: { text: nameOrId.slice(0, 80) },
    });
  }

  /** The trust domain's own SPIFFE ID, which has no path. */
  get id(): SpiffeId {
    return SpiffeId.of(this, '');
  }

  equals(other: TrustDomain): boolean {
    return this.name === other.name;
  }

  /** The name, as `parse` takes it. */
  toString(): string {
    return this.name;
  }

  toJSON(): string {
    return this.name;
  }
}

/** Why `name` is no trust domain name, as the end of a sentence; undefined when it is one. */
export function whyNoTrustDomain(name: string): string | undefined {
  if (name === '') return 'the trust domain is missing';
  if (name.length > MAX_TRUST_DOMAIN_BYTES)
    return `the trust domain is longer than ${MAX_TRUST_DOMAIN_BYTES} bytes`;
  if (!NAME.test(name)) return 'the trust domain may hold only a-z, 0-9, dot, dash and underscore';
  return undefined;
}
