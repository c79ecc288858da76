import { SpoorError } from '../../core/errors.js';
import { moreConfined, type Confinement } from '../../measurement/confinement.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import { mayLaunch, type Launcher } from './may-launch.js';

/** Who wants to launch, as far as it counts. */
export interface LaunchCaller extends Launcher {
  readonly confinement: Confinement;
  /** Set when the caller was launched itself, or comes from a process that was: how to call it. */
  readonly launchedAs: string | undefined;
  /** What it may be by the entries. */
  readonly spiffeIds: readonly string[];
}

/** As whom, and where, the daemon runs. */
export interface LaunchHost {
  readonly uid: number;
  readonly mode: 'root' | 'user';
  readonly confinement: Confinement;
}

/**
 * Decides whether a caller may launch a definition: launching must never lead out of a sandbox, nor give a program that
 * a model has started what its agent was not given.
 *
 * Errors: LAUNCH_REFUSED, with a sentence for each reason.
 * Source: decision 4.
 */
export function judgeCaller(definition: LaunchDefinition, caller: LaunchCaller, host: LaunchHost): void {
  const { uid, mode } = host;
  if (mode === 'user' && caller.uid !== uid) {
    throw refused(
      `a daemon in user mode launches only for its own uid ${uid}, and this is uid ${caller.uid}`,
    );
  }
  // What was launched can gain no privileges because the daemon itself saw to that.
  const { confinement: own } = host;
  const given = caller.launchedAs === undefined ? own : { ...own, noNewPrivileges: true };
  const confined = moreConfined(caller.confinement, given);
  if (confined !== undefined) throw refused(`launching must not lead out of a sandbox: ${confined}`);

  const { name, mayLaunch: allowed } = definition;
  if (caller.spiffeIds.some((id) => allowed.spiffeIds.includes(id))) return;
  if (caller.launchedAs !== undefined) {
    throw refused(`${caller.launchedAs} may not launch ${name}: the definition does not name its SPIFFE ID`);
  }
  if (mayLaunch(allowed, caller, uid)) return;
  throw refused(
    `uid ${caller.uid} may not launch ${name}: the definition names neither this user nor a group of it`,
  );
}

function refused(message: string): SpoorError {
  return new SpoorError('LAUNCH_REFUSED', message);
}
