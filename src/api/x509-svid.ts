import type { X509View } from '../issuance/views.js';
import { writeX509SvidResponse } from '../wire/responses.js';
import type { X509SVIDRequest } from '../wire/workload-api.js';
import { Follower, notIssued, type Following } from './follow.js';
import type { Rooms } from './rooms.js';
import type { Watch } from './server-stream.js';

/**
 * FetchX509SVID: every X509-SVID that this caller may use, now and again after each change.
 *
 * Errors: IDENTITY_NOT_ISSUED when no entry matches, also when the last one is withdrawn mid-stream.
 * Source: Workload API section 5.2.1. As from the SPIRE agent, a message may say what the one before it said.
 */
export function fetchX509Svid({ views }: Rooms): Watch<X509SVIDRequest, Buffer> {
  const following: Following<X509View> = {
    profile: 'x509',
    take: (context) => views.x509(context.instance, context),
    write: writeX509View,
    suppressEqual: false,
  };
  return (_request, context) => new Follower(context, views, following);
}

function writeX509View({ svids, bundle, federated, matches }: X509View): Buffer {
  // Workload API 5.2.1: a caller entitled to nothing gets PermissionDenied, never an empty list.
  if (svids.length === 0) throw notIssued(matches.refused);
  return writeX509SvidResponse(svids, bundle, federated);
}
