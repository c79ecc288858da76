import { SpoorError } from '../core/errors.js';
import type { BundlesView } from '../issuance/views.js';
import type { BundleLookup } from '../spiffe/bundle.js';
import { validateJwtSvid, type JwtSvid } from '../spiffe/jwt-svid.js';
import { writeValidateJwtSvidResponse } from '../wire/responses.js';
import type { ValidateJWTSVIDRequest } from '../wire/workload-api.js';
import type { Rooms } from './rooms.js';
import type { Respond } from './unary.js';

/** What clocks may be apart; go-jose, and so the SPIRE agent, allows as much. */
const LEEWAY_SECONDS = 60;

/**
 * ValidateJWTSVID: judges a JWT-SVID for one audience, by the bundle of its subject's trust domain: the own one, or one
 * that the caller's entries federate with. The caller needs to be attested, but needs no identity.
 *
 * Errors: ARGUMENT_INVALID without audience or token; JWT_SVID_INVALID.
 * Source: Workload API section 6.2.3.
 */
export function validateJwt({
  views,
  clock,
  trustDomain,
  foreignJwtClaims,
}: Rooms): Respond<ValidateJWTSVIDRequest, Buffer> {
  return ({ audience, svid: token }, context) => {
    if (audience === '') throw new SpoorError('ARGUMENT_INVALID', 'audience must be specified');
    if (token === '') throw new SpoorError('ARGUMENT_INVALID', 'svid must be specified');

    const answer = (): Buffer => {
      const bundles = lookupIn(views.bundles(context.instance).value);
      const svid = validateJwtSvid(token, audience, bundles, clock.now(), { leewaySeconds: LEEWAY_SECONDS });
      const claims = svid.id.memberOf(trustDomain) ? svid.claims : only(svid, foreignJwtClaims);
      // `aud` is always a list, also when the token had a string: as from the SPIRE agent.
      return writeValidateJwtSvidResponse(svid.id.toString(), { ...claims, aud: svid.audience });
    };
    const attested = context.attest();
    return attested instanceof Promise ? attested.then(answer) : answer();
  };
}

function lookupIn({ own, federated }: BundlesView): BundleLookup {
  return {
    get: (trustDomain) => [own, ...federated].find((bundle) => bundle.trustDomain.equals(trustDomain)),
  };
}

/** Of a foreign trust domain the standard's claims, and those that the operator has named. */
function only({ claims }: JwtSvid, allowed: readonly string[]): Record<string, unknown> {
  const wanted = new Set(['sub', 'exp', 'aud', ...allowed]);
  return Object.fromEntries(Object.entries(claims).filter(([name]) => wanted.has(name)));
}
