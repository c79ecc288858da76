import type { BundlesView } from '../issuance/views.js';
import type { WITBundlesRequest } from '../wire/workload-api.js';
import { Follower, type Following } from './follow.js';
import { JwksBundles } from './jwks-bundles.js';
import type { Rooms } from './rooms.js';
import type { Watch } from './server-stream.js';

/**
 * FetchWITBundles: the WIT authorities of the own trust domain and of those that the caller's entries federate with.
 *
 * Errors: IDENTITY_NOT_ISSUED when no entry matches.
 * Source: Workload API section 7.2.2; equal messages in a row are sent once, like the other bundles.
 */
export function fetchWitBundles({ views }: Rooms): Watch<WITBundlesRequest, Buffer> {
  const bundles = new JwksBundles('wit-svid');
  const following: Following<BundlesView> = {
    profile: 'bundles',
    take: ({ instance }) => views.bundles(instance),
    write: (view) => bundles.write(view),
    suppressEqual: true,
  };
  return (_request, context) => new Follower(context, views, following);
}
