import type { WitView } from '../issuance/views.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import { writeWitSvidResponse } from '../wire/responses.js';
import type { WITSVIDRequest } from '../wire/workload-api.js';
import { Follower, notIssued, type Following } from './follow.js';
import { requestedSpiffeId } from './requested-spiffe-id.js';
import type { Rooms } from './rooms.js';
import type { Watch } from './server-stream.js';

/**
 * FetchWITSVID: the caller's WIT-SVIDs with their keys, now and again before each expires; all, or the one it names.
 *
 * Errors: SPIFFE_ID_INVALID; IDENTITY_NOT_ISSUED when no entry matches, or none with the SPIFFE ID that was asked for.
 * Source: Workload API section 7.2.1.
 */
export function fetchWitSvid({ views }: Rooms): Watch<WITSVIDRequest, Buffer> {
  return (request, context) => {
    const spiffeId = requestedSpiffeId(request.spiffe_id);
    const following: Following<WitView> = {
      profile: 'wit',
      take: () => views.wit(context.instance, context, spiffeId),
      write: (view) => writeWitView(view, spiffeId),
      suppressEqual: false,
    };
    return new Follower(context, views, following);
  };
}

function writeWitView({ svids, matches }: WitView, asked: SpiffeId | undefined): Buffer {
  if (svids.length === 0) throw notIssued(matches.refused, asked);
  return writeWitSvidResponse(svids);
}
