import { describe, expect, it } from 'vitest';
import {
  authorize,
  authorizeAny,
  authorizeIf,
  authorizeMemberOf,
  authorizeOneOf,
  type Authorizer,
} from '../../src/client/authorizer.js';
import { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';

const WEB = SpiffeId.parse('spiffe://example.org/web');
const WEBBED = SpiffeId.parse('spiffe://example.org/web/api');
const FOREIGN = SpiffeId.parse('spiffe://other.test/web');

function allows(authorizer: Authorizer): readonly boolean[] {
  return [WEB, WEBBED, FOREIGN].map((id) => {
    try {
      authorize(id, authorizer);
      return true;
    } catch {
      return false;
    }
  });
}

describe('authorizers', () => {
  it('let in whom they name, and nobody else', () => {
    expect(allows(authorizeAny())).toEqual([true, true, true]);
    expect(allows(authorizeMemberOf('example.org'))).toEqual([true, true, false]);
    expect(allows(authorizeMemberOf(TrustDomain.parse('other.test')))).toEqual([false, false, true]);
    expect(allows(authorizeOneOf([WEB]))).toEqual([true, false, false]);
    expect(allows(authorizeOneOf(['spiffe://example.org/web/api', FOREIGN]))).toEqual([false, true, true]);
    expect(allows(authorizeOneOf([]))).toEqual([false, false, false]);
    expect(allows(authorizeIf(({ path }) => path.startsWith('/web/')))).toEqual([false, true, false]);
  });

  it('refuse ids and trust domains that are none when they are made', () => {
    expect(() => authorizeOneOf(['spiffe://example.org/'])).toThrow(/not a SPIFFE ID/);
    expect(() => authorizeMemberOf('Example.org')).toThrow(/not a trust domain/);
  });

  it('take a promise and an exception of a predicate for a no', () => {
    const later = (async () => true) as unknown as (id: SpiffeId) => boolean;
    expect(allows(authorizeIf(later))).toEqual([false, false, false]);
    const broken = (): boolean => {
      throw new Error('the policy store is away');
    };
    expect(allows(authorizeIf(broken))).toEqual([false, false, false]);
    expect(() => authorize(WEB, authorizeIf(broken))).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: 'the policy store is away' }) }),
    );
  });

  it('say who was refused and what is allowed', () => {
    expect(() => authorize(FOREIGN, authorizeOneOf([WEB]))).toThrow(
      expect.objectContaining({
        code: 'TLS_PEER_REFUSED',
        message: 'peer spiffe://other.test/web is refused: allowed is spiffe://example.org/web',
      }),
    );
  });
});
