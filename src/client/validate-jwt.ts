import type { Clock } from '../core/clock.js';
import type { BundleLookup } from '../spiffe/bundle.js';
import { type JwtSvid, validateJwtSvid } from '../spiffe/jwt-svid.js';
import { authorize, authorizeAny, type Authorizer } from './authorizer.js';

/**
 * Validates a JWT-SVID that a caller presents, without asking anybody: the bundles are at hand.
 *
 * Takes:   `token` — bare, or as the `Authorization` header has it, with `Bearer` in front.
 *          `audience` — the one name that this service goes by.
 *          `source` — a `BundleSource`; only the bundle of the trust domain that the token names judges it.
 * Errors:  JWT_SVID_INVALID; TLS_PEER_REFUSED when the authorizer does not want the SPIFFE ID.
 * Source:  JWT-SVID sections 4 and 5.2.
 */
export function validateJwt(
  token: string,
  audience: string,
  source: BundleLookup & { readonly clock: Clock },
  authorizer: Authorizer = authorizeAny(),
): JwtSvid {
  const bare = token.replace(/^bearer +/i, '');
  const svid = validateJwtSvid(bare, audience, source, source.clock.now());
  authorize(svid.id, authorizer);
  return svid;
}
