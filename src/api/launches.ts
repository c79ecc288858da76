import type { Server } from '@grpc/grpc-js';
import { SpoorError } from '../core/errors.js';
import type { Launching, LaunchStatus, Viewer } from '../launch/launching.js';
import { launchesMethods, type WireLaunch } from '../wire/launches.js';
import type { CallContext } from './call-context.js';
import type { Desk, Surface } from './desk.js';
import { addUnaryService } from './service.js';

/** So many stay below the 4 MiB that gRPC clients take. */
const MAX_LISTED = 5_000;
const MAX_GRACE_MS = 600_000;

/**
 * Registers spoor.v1.Launches. Over the agent socket a caller sees and stops what its own uid launched, over the admin
 * socket everything.
 */
export function addLaunches(
  server: Server,
  launching: Pick<Launching, 'list' | 'stop'>,
  desk: Desk,
  surface: Surface,
): void {
  addUnaryService(server, desk, 'spoor.v1.Launches', launchesMethods, {
    List: (_request, context) => {
      const all = launching.list(viewerOf(context, surface));
      return { launches: all.slice(0, MAX_LISTED).map(toWire), total: all.length };
    },
    Stop: async ({ which, grace_ms }, context) => {
      if (grace_ms > MAX_GRACE_MS) {
        throw new SpoorError(
          'ARGUMENT_INVALID',
          `the grace is ${grace_ms} ms; at most ${MAX_GRACE_MS} ms are allowed`,
        );
      }
      return { instances: await launching.stop(which, viewerOf(context, surface), grace_ms) };
    },
  });
}

function viewerOf({ peer }: CallContext, surface: Surface): Viewer {
  return surface === 'admin' ? 'operator' : { uid: peer.process.uid };
}

function toWire(status: LaunchStatus): WireLaunch {
  const { instance, name, pid, uid, detached, executable, restarts, notes } = status;
  return {
    ...{ instance, name, pid, uid, detached, executable, restarts, notes },
    launched_by: status.launchedBy,
    started_at: status.startedAt.toISOString(),
    script: status.script ?? '',
  };
}
