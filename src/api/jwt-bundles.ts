import type { JWTBundlesRequest } from '../wire/workload-api.js';
import { follow } from './follow.js';
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
  return (_request, context) =>
    follow(context, views, {
      profile: 'bundles',
      take: () => views.bundles(context.instance),
      write: (view) => bundles.write(view),
      suppressEqual: true,
    });
}
