import type { Server } from '@grpc/grpc-js';
import {
  readEmptyRequest,
  readJwtSvidRequest,
  readValidateJwtSvidRequest,
  readWitSvidRequest,
} from '../wire/requests.js';
import type { Desk } from './desk.js';
import { fetchJwtBundles } from './jwt-bundles.js';
import { fetchJwtSvid } from './jwt-svid.js';
import type { Rooms } from './rooms.js';
import { serverStream, type Watch } from './server-stream.js';
import { addService, notOffered, type Rpc } from './service.js';
import { unary, type Respond } from './unary.js';
import { validateJwt } from './validate-jwt-svid.js';
import { fetchWitBundles } from './wit-bundles.js';
import { fetchWitSvid } from './wit-svid.js';
import { fetchX509Bundles } from './x509-bundles.js';
import { fetchX509Svid } from './x509-svid.js';

/** Registers the SPIFFE Workload API: the standard's seven RPCs and nothing else (Workload Endpoint section 7). */
export function addWorkloadApi(server: Server, rooms: Rooms, desk: Desk): void {
  const streams = <Request>(
    name: string,
    read: (bytes: Buffer) => Request,
    watch: Watch<Request, Buffer>,
  ): Rpc => ({
    name,
    responseStream: true,
    read,
    write: asIs,
    handle: (method) => serverStream(desk, method, watch),
  });
  const answers = <Request>(
    name: string,
    read: (bytes: Buffer) => Request,
    respond: Respond<Request, Buffer>,
  ): Rpc => ({
    name,
    responseStream: false,
    read,
    write: asIs,
    handle: (method) => unary(desk, method, respond),
  });

  // With the profile switched off both answer UNIMPLEMENTED (Workload API section 7), in the SPIRE agent's words.
  const { wit } = rooms.profiles;
  addService(server, 'SpiffeWorkloadAPI', [
    streams('FetchX509SVID', readEmptyRequest, fetchX509Svid(rooms)),
    streams('FetchX509Bundles', readEmptyRequest, fetchX509Bundles(rooms)),
    answers('FetchJWTSVID', readJwtSvidRequest, fetchJwtSvid(rooms)),
    streams('FetchJWTBundles', readEmptyRequest, fetchJwtBundles(rooms)),
    answers('ValidateJWTSVID', readValidateJwtSvidRequest, validateJwt(rooms)),
    streams(
      'FetchWITSVID',
      readWitSvidRequest,
      wit ? fetchWitSvid(rooms) : notOffered('fetching WIT-SVIDs is not implemented'),
    ),
    streams(
      'FetchWITBundles',
      readEmptyRequest,
      wit ? fetchWitBundles(rooms) : notOffered('fetching WIT bundles is not implemented'),
    ),
  ]);
}

/** The responses are written before they get here: as late as possible, but once. */
function asIs(bytes: Buffer): Buffer {
  return bytes;
}
