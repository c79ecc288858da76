import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { SnapshotCell } from '../../core/snapshot.js';
import type { DefinitionSet } from '../definitions/definition-set.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import type { HeldStdio } from '../held-stdio.js';
import type { Ending, RunningLaunch } from '../launching.js';
import type { ActiveLaunch, Again } from './active-launch.js';
import { isRestarted, nextRestart, restartWaitMs } from './restart-policy.js';

/** One start of a program that has run before. */
export interface Restart {
  readonly definition: LaunchDefinition;
  /** What ran before it. */
  readonly launch: ActiveLaunch;
  readonly again: Again;
  readonly stdio: HeldStdio;
  readonly restarts: number;
}

export interface RestartsDeps {
  readonly definitions: SnapshotCell<DefinitionSet>;
  readonly start: (restart: Restart) => Promise<RunningLaunch>;
  /** Ends for good what was started while somebody stopped it. */
  readonly end: (instance: string) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the daemon is to stop: then nothing is restarted. */
  readonly stopping: AbortSignal;
}

/** The detached programs that have ended, and are to be started again. */
export class Restarts {
  readonly #deps: RestartsDeps;
  readonly #waiting = new Map<ActiveLaunch, AbortController>();

  constructor(deps: RestartsDeps) {
    this.#deps = deps;
  }

  /** Those that wait, as they ran last. */
  [Symbol.iterator](): Iterator<ActiveLaunch> {
    return this.#waiting.keys();
  }

  /** Lets one wait no longer: it is not started again. */
  cancel(launch: ActiveLaunch): void {
    this.#waiting.get(launch)?.abort();
  }

  /** Takes: `stdio`, which is closed unless the program is started again with it. */
  afterEnd(launch: ActiveLaunch, stdio: HeldStdio, ending: Ending | undefined): void {
    const { again } = launch;
    // What went with an earlier daemon may have been a failure.
    const ended = ending ?? { code: 1 };
    if (again === undefined || launch.isStopping || this.#wanted(launch, ended) === undefined) {
      return stdio[Symbol.dispose]();
    }
    void this.#wait(launch, again, stdio, ended);
  }

  /** The definition by which it is to be started again; undefined when it is not, or there is none any more. */
  #wanted({ facts }: ActiveLaunch, ending: Ending): LaunchDefinition | undefined {
    const definition = this.#deps.definitions.current.value.get(facts.name);
    return definition !== undefined && isRestarted(definition.restart, ending) ? definition : undefined;
  }

  /** Never rejects: what hinders a restart may have passed by the next try. */
  async #wait(launch: ActiveLaunch, again: Again, stdio: HeldStdio, ending: Ending): Promise<void> {
    const { clock, stopping } = this.#deps;
    const cancelled = new AbortController();
    this.#waiting.set(launch, cancelled);
    const signal = AbortSignal.any([stopping, cancelled.signal]);
    const ranMs = clock.now().getTime() - launch.startedAt.getTime();
    let isStarted = false;
    for (let restarts = nextRestart(launch.restarts, ranMs); !isStarted; restarts++) {
      await clock.sleep(restartWaitMs(restarts), signal);
      const definition = this.#wanted(launch, ending);
      if (signal.aborted || definition === undefined) break;
      isStarted = await this.#try({ definition, launch, again, stdio, restarts }, cancelled.signal);
    }
    this.#waiting.delete(launch);
    if (!isStarted) stdio[Symbol.dispose]();
  }

  async #try(restart: Restart, cancelled: AbortSignal): Promise<boolean> {
    const { start, end, log } = this.#deps;
    try {
      const { instance } = await start(restart);
      if (cancelled.aborted) await end(instance);
      return true;
    } catch (error) {
      const { name } = restart.launch.facts;
      const fields = { name, attempt: restart.restarts, error };
      log.warn('a launched program could not be restarted; trying again', fields);
      return false;
    }
  }
}
