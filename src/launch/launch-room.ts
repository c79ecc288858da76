import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import type { SnapshotCell } from '../core/snapshot.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { ActiveLaunch, Again } from './running/active-launch.js';
import { definitionNotFound, type DefinitionSet } from './definitions/definition-set.js';
import type { LaunchDefinition } from './definitions/definition.js';
import { HeldStdio } from './held-stdio.js';
import type { LaunchGate, LetThrough } from './gate/launch-gate.js';
import { isSeenBy, type Launches } from './running/launches.js';
import type { Launching, LaunchRequest, LaunchStatus, RunningLaunch, Viewer, Wanted } from './launching.js';
import type { ProgramMeasurer } from './measuring/program-measurer.js';
import type { ProgramStarter } from './starting/program-starter.js';
import type { Reaper } from './running/reaper.js';
import { Restarts, type Restart } from './running/restarts.js';

export interface LaunchRoomDeps {
  readonly definitions: SnapshotCell<DefinitionSet>;
  readonly gate: LaunchGate;
  readonly measurer: ProgramMeasurer;
  readonly starter: ProgramStarter;
  readonly launches: Launches;
  readonly reaper: Reaper;
  /** Told of each program that runs, once it is known as what it is. */
  readonly known: (process: MeasuredProcess) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the daemon is to stop: then nothing is restarted. */
  readonly stopping: AbortSignal;
}

interface StartDetails extends LetThrough {
  readonly definition: LaunchDefinition;
  readonly request: Pick<LaunchRequest, 'args' | 'env' | 'cwd' | 'detach' | 'terminal'>;
  /** Closed when the program is not to be started with it again. */
  readonly stdio: HeldStdio;
  readonly launchedBy: number;
  readonly restarts: number;
}

/** Programs do not come and go faster than they can be looked after. */
const SWEEP_MS = 1_000;

/**
 * The launch room: judges who launches, measures what is launched, and starts it.
 *
 * Source: decision 4.
 */
export class LaunchRoom implements Launching, Service {
  readonly name = 'launches';
  readonly #deps: LaunchRoomDeps;
  readonly #restarts: Restarts;

  constructor(deps: LaunchRoomDeps) {
    this.#deps = deps;
    this.#restarts = new Restarts({
      ...deps,
      start: (restart) => this.#restart(restart),
      end: (instance) => this.stop(instance, 'operator', 0),
    });
  }

  /** Looks after what was launched, until `signal` aborts; the programs themselves go on. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, launches, reaper } = this.#deps;
    using _ = reaper.watch();
    while (!signal.aborted) {
      await clock.sleep(SWEEP_MS, signal);
      reaper.reap();
      launches.sweep();
    }
  }

  async wants(name: string, caller: MeasuredProcess): Promise<Wanted> {
    const definition = this.#definitionOf(name);
    await this.#deps.gate.pass(definition, caller);
    return { env: definition.env.pass };
  }

  async launch(request: LaunchRequest, caller: MeasuredProcess): Promise<RunningLaunch> {
    const stdio = new HeldStdio(request.stdio);
    try {
      const definition = this.#definitionOf(request.name);
      const passed = await this.#deps.gate.pass(definition, caller);
      return await this.#start({
        definition,
        request,
        stdio,
        launchedBy: caller.uid,
        restarts: 0,
        ...passed,
      });
    } catch (error) {
      stdio[Symbol.dispose]();
      throw error;
    }
  }

  list(viewer: Viewer): readonly LaunchStatus[] {
    return this.#deps.launches.list(viewer);
  }

  async stop(which: string, viewer: Viewer, graceMs: number): Promise<readonly string[]> {
    const { launches } = this.#deps;
    const isMeant = (launch: ActiveLaunch): boolean =>
      isSeenBy(launch, viewer) && (launch.facts.instance === which || launch.facts.name === which);
    const running = [...launches].filter(isMeant);
    const waiting = [...this.#restarts].filter(isMeant);
    if (running.length + waiting.length === 0) {
      throw new SpoorError(
        'INSTANCE_NOT_FOUND',
        `no launched instance is or has the name ${which.slice(0, 80)}`,
      );
    }
    for (const launch of waiting) this.#restarts.cancel(launch);
    await Promise.all(running.map((launch) => launches.stop(launch, graceMs)));
    return [...running, ...waiting].map(({ facts }) => facts.instance);
  }

  /** Takes in a program that an earlier daemon had started. */
  adopt(launch: ActiveLaunch): void {
    this.#deps.launches.add(launch, (ending) => this.#restarts.afterEnd(launch, HeldStdio.none(), ending));
    if (launch.process !== undefined) this.#deps.known(launch.process);
  }

  #definitionOf(name: string): LaunchDefinition {
    const definition = this.#deps.definitions.current.value.get(name);
    if (definition === undefined) throw definitionNotFound(name);
    return definition;
  }

  async #start(details: StartDetails): Promise<RunningLaunch> {
    const { definition, request, account, parent, stdio, launchedBy, restarts } = details;
    const { args, env, cwd, detach, terminal } = request;
    using program = await this.#deps.measurer.measure(definition, args, account);
    const plan = {
      ...{ definition, program, account, callerEnv: env, terminal, launchedBy, parent },
      stdio: stdio.descriptors,
      cwd: cwdOf(definition, account.home, cwd),
    };
    return await this.#deps.starter.start(plan, (started) => {
      const again: Again | undefined =
        detach && definition.restart !== 'never' ? { args, env, cwd, account } : undefined;
      const launch: ActiveLaunch = {
        ...started,
        ...{ uid: account.uid, detached: detach, again, restarts },
        startedAt: this.#deps.clock.now(),
        isEnded: false,
        isStopping: false,
      };
      if (again === undefined) stdio[Symbol.dispose]();
      if (started.process !== undefined) this.#deps.known(started.process);
      return this.#deps.launches.add(launch, (ending) => this.#restarts.afterEnd(launch, stdio, ending));
    });
  }

  #restart({ definition, launch, again, stdio, restarts }: Restart): Promise<RunningLaunch> {
    const { launchedBy, parent } = launch.facts;
    const request = { ...again, detach: true, terminal: false };
    const { account } = again;
    return this.#start({ definition, request, account, parent, stdio, launchedBy, restarts });
  }
}

/** The home folder of the user, or the root folder where there is none, unless the definition says otherwise. */
function cwdOf({ cwd }: LaunchDefinition, home: string, callerCwd: string): readonly string[] {
  if (cwd === undefined) return [home, '/'];
  return [cwd === 'caller' ? callerCwd : cwd];
}
