import { Server } from '@grpc/grpc-js';
import { addAdmin } from './admin.js';
import type { AdminRooms } from './admin-rooms.js';
import type { Desk } from './desk.js';
import { addExplain, type ExplainRooms } from './explain.js';
import { addHealth } from './health.js';
import { addReflection } from './reflection.js';
import type { Launching } from '../launch/launching.js';
import { addLaunches } from './launches.js';
import type { Rooms } from './rooms.js';
import { addWorkloadApi } from './workload-api.js';

/** No request of the agent socket is longer: the longest is a token to be judged. */
const MAX_AGENT_REQUEST_BYTES = 256 * 1024;
/** An import of 100,000 entries has some 50 MB. */
const MAX_ADMIN_REQUEST_BYTES = 128 * 1024 * 1024;

/** The services of the agent socket, on a server that does not listen: the door injects its connections. */
export function buildAgentServer(
  rooms: Rooms,
  desk: Desk,
  explain: ExplainRooms,
  launching: Launching,
): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_AGENT_REQUEST_BYTES,
    'grpc.max_concurrent_streams': rooms.limits.streamsPerConnection,
    'grpc.enable_channelz': 0,
  });
  addWorkloadApi(server, rooms, desk);
  addExplain(server, explain, desk, 'agent');
  addLaunches(server, launching, desk, 'agent');
  addHealth(server, rooms, desk);
  addReflection(server, desk);
  return server;
}

/** The services of the admin socket, on a server that does not listen. `desk` is one of surface `admin`. */
export function buildAdminServer(rooms: AdminRooms, desk: Desk, launching: Launching): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_ADMIN_REQUEST_BYTES,
    'grpc.enable_channelz': 0,
  });
  addAdmin(server, rooms, desk);
  addExplain(server, rooms, desk, 'admin');
  addLaunches(server, launching, desk, 'admin');
  return server;
}
