import type { BundlesView } from '../issuance/views.js';
import { writeX509BundlesResponse } from '../wire/responses.js';
import type { X509BundlesRequest } from '../wire/workload-api.js';
import { Follower, notIssued, type Following } from './follow.js';
import type { Rooms } from './rooms.js';
import type { Watch } from './server-stream.js';

/**
 * FetchX509Bundles: the CA certificates of the own trust domain and of those that the caller's entries federate with.
 *
 * Errors: IDENTITY_NOT_ISSUED when no entry matches.
 * Source: Workload API section 5.2.2; equal messages in a row are sent once, as by the SPIRE agent.
 */
export function fetchX509Bundles({ views }: Rooms): Watch<X509BundlesRequest, Buffer> {
  const following: Following<BundlesView> = {
    profile: 'bundles',
    take: ({ instance }) => views.bundles(instance),
    write: writeX509Bundles,
    suppressEqual: true,
  };
  return (_request, context) => new Follower(context, views, following);
}

function writeX509Bundles({ entitled, own, federated }: BundlesView): Buffer {
  if (!entitled) throw notIssued();
  const bundles = [own, ...federated].map(
    ({ trustDomain, x509Authorities }) => [trustDomain.id.toString(), x509Authorities] as const,
  );
  return writeX509BundlesResponse(bundles);
}
