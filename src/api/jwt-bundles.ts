import type { BundlesView } from '../issuance/views.js';
import type { JWTBundlesRequest } from '../wire/workload-api.js';
import { Follower, type Following } from './follow.js';
import { JwksBundles } from './jwks-bundles.js';
import type { Rooms } from './rooms.js';
import type { Watch } from './server-stream.js';

/**
 * FetchJWTBundles: the JWT authorities of the own trust domain and of those that the caller's entries federate with.
 *
 * Errors: IDENTITY_NOT_ISSUED when no entry matches.
 * Source: Workload API section 6.2.2; equal messages in a row are sent once, as by the SPIRE agent.
 */
export function fetchJwtBundles({ views }: Rooms): Watch<JWTBundlesRequest, Buffer> {
  const bundles = new JwksBundles('jwt-svid');
  const following: Following<BundlesView> = {
    profile: 'bundles',
    take: ({ instance }) => views.bundles(instance),
    write: (view) => bundles.write(view),
    suppressEqual: true,
  };
  return (_request, context) => new Follower(context, views, following);
}
