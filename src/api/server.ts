import { Server } from '@grpc/grpc-js';
import type { Desk } from './desk.js';
import type { Rooms } from './rooms.js';
import { addHealth } from './health.js';
import { addReflection } from './reflection.js';
import { addWorkloadApi } from './workload-api.js';

/** No request of the agent socket is longer: the longest is a token to be judged. */
const MAX_AGENT_REQUEST_BYTES = 256 * 1024;

/** The services of the agent socket, on a server that does not listen: the door injects its connections. */
export function buildAgentServer(rooms: Rooms, desk: Desk): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_AGENT_REQUEST_BYTES,
    'grpc.max_concurrent_streams': rooms.limits.streamsPerConnection,
    'grpc.enable_channelz': 0,
  });
  addWorkloadApi(server, rooms, desk);
  addHealth(server, rooms, desk);
  addReflection(server, desk);
  return server;
}
