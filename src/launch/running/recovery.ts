import { SpoorError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { LaunchedProcesses } from '../../instances/launched-processes.js';
import type { ReadinessSet } from '../../kernel/readiness.js';
import type { ExecutionMarks } from '../../measurement/process-marks.js';
import type { KeptProcess, ProcessTable } from '../../measurement/process-table.js';
import type { ActiveLaunch } from './active-launch.js';
import type { LaunchStore, StoredLaunch } from './launch-store.js';
import type { LaunchRoom } from '../launch-room.js';
import type { LaunchSecrets } from '../starting/secrets.js';

export interface RecoveryDeps {
  readonly store: LaunchStore;
  readonly processes: ProcessTable;
  readonly launched: LaunchedProcesses;
  readonly room: Pick<LaunchRoom, 'adopt'>;
  readonly secrets: Pick<LaunchSecrets, 'remove'>;
  /** Where exits are noticed. */
  readonly exits: ReadinessSet;
  readonly bootId: string;
  readonly log: Logger;
}

/**
 * Finds the programs again that an earlier daemon launched: by number, start and marks they keep their identity.
 * What has become another program since, or has ended and left processes in its cgroup, is known as where those come from.
 *
 * Errors: STATE_UNUSABLE.
 * Source: decision 5.
 */
export function recoverLaunches(deps: RecoveryDeps): void {
  for (const stored of deps.store.load()) {
    if (stored.bootId === deps.bootId) recover(stored, deps);
    else deps.store.delete(stored.facts.instance);
  }
}

function recover(stored: StoredLaunch, deps: RecoveryDeps): void {
  const { processes, launched, room, secrets, exits, log } = deps;
  const { facts, pid, startTicks, cgroup } = stored;
  const process = stored.marks === undefined ? undefined : findAgain(stored, stored.marks, processes);
  launched.set({ facts, pid, startTicks, cgroup, process });
  const fields = { instance: facts.instance, name: facts.name, pid };
  if (process === undefined) {
    secrets.remove(facts.instance);
    return log.info('a launched program is not there any more', fields);
  }
  room.adopt(activeAgain(stored, process, exits));
  log.info('a launched program was found again', fields);
}

function findAgain(
  { pid, startTicks }: StoredLaunch,
  marks: ExecutionMarks,
  processes: ProcessTable,
): KeptProcess | undefined {
  try {
    const process = processes.acquirePid(pid);
    if (process.startTicks === startTicks && isSame(process.marks, marks)) return process;
    processes.release(process);
  } catch (error) {
    if (!(error instanceof SpoorError) || error.code !== 'PROCESS_NOT_FOUND') throw error;
  }
  return undefined;
}

function isSame(one: ExecutionMarks, other: ExecutionMarks): boolean {
  return (
    one.startStack === other.startStack &&
    one.argStart === other.argStart &&
    one.envStart === other.envStart &&
    one.executable?.inode === other.executable?.inode &&
    one.executable?.device === other.executable?.device
  );
}

/** It is nobody's child by now that could be waited for: its end is seen by its descriptor, and its status is lost. */
function activeAgain(stored: StoredLaunch, process: KeptProcess, exits: ReadinessSet): ActiveLaunch {
  const { bootId: _, marks: __, ...details } = stored;
  const ended = new Promise<undefined>((resolve) => {
    exits.add(process.pidfd, () => {
      exits.delete(process.pidfd);
      // A callback of the set does not let promises go on by itself.
      setImmediate(() => resolve(undefined));
    });
  });
  return { ...details, process, ended, isEnded: false, isStopping: false };
}
