import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Recorder } from '../../core/record.js';
import type { LaunchedProcesses } from '../../instances/launched-processes.js';
import type { Kernel } from '../../kernel/kernel.js';
import { isAlive } from '../../measurement/lineage.js';
import type { ProcessTable } from '../../measurement/process-table.js';
import type { ActiveLaunch } from './active-launch.js';
import type { LaunchCgroups } from '../starting/cgroups.js';
import type { LaunchStore } from './launch-store.js';
import type { Ending, LaunchStatus, RunningLaunch, Viewer } from '../launching.js';
import type { LaunchSecrets } from '../starting/secrets.js';
import { signalGroup, signalProgram } from './signals.js';

export interface LaunchesDeps {
  readonly kernel: Kernel;
  readonly processes: ProcessTable;
  readonly launched: LaunchedProcesses;
  readonly cgroups: LaunchCgroups;
  readonly secrets: LaunchSecrets;
  readonly store: LaunchStore;
  readonly recorder: Recorder;
  /** Names this run of the machine; proc_sys_kernel(5), random/boot_id. */
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The launched programs that run, from the moment they execute until nothing is left of them. */
export class Launches {
  readonly #deps: LaunchesDeps;
  readonly #active = new Map<string, ActiveLaunch>();

  constructor(deps: LaunchesDeps) {
    this.#deps = deps;
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<ActiveLaunch> {
    return this.#active.values();
  }

  /**
   * Takes a program in, and lets go of it when it has ended.
   *
   * Takes:  `onEnded`: called once, after everything of it is put away.
   * Errors: STATE_UNUSABLE when it cannot be written down: a later daemon would not know it.
   */
  add(launch: ActiveLaunch, onEnded: (ending: Ending | undefined) => void): RunningLaunch {
    const { facts, pid, ended } = launch;
    this.#keep(launch);
    this.#active.set(facts.instance, launch);
    const over = ended.then(async (ending) => {
      await this.#end(launch, ending);
      onEnded(ending);
    });
    return {
      instance: facts.instance,
      pid,
      ended: Promise.all([ended, over]).then(([ending]) => ending ?? { code: 0 }),
      signal: (name) => signalProgram(launch, name, this.#deps.kernel.pidfds),
      hangUp: () => {
        signalGroup(launch, 'SIGHUP');
        signalGroup(launch, 'SIGCONT');
      },
    };
  }

  list(viewer: Viewer): readonly LaunchStatus[] {
    return [...this].filter((launch) => isSeenBy(launch, viewer)).map(statusOf);
  }

  /** Ends one for good, with all that is in its cgroup. Resolves when the program has ended. */
  async stop(launch: ActiveLaunch, graceMs: number): Promise<void> {
    const { kernel, clock, cgroups } = this.#deps;
    launch.isStopping = true;
    signalProgram(launch, 'SIGTERM', kernel.pidfds);
    const enough = new AbortController();
    await Promise.race([launch.ended, clock.sleep(graceMs, enough.signal)]);
    enough.abort();
    signalProgram(launch, 'SIGKILL', kernel.pidfds);
    if (launch.cgroup !== undefined) cgroups.kill(launch.cgroup);
    await launch.ended;
  }

  /** Lets go of cgroups that have emptied, and of programs that had become others and have ended. */
  sweep(): void {
    const { launched, cgroups, store } = this.#deps;
    for (const { facts, cgroup, pid, startTicks } of [...launched]) {
      if (this.#active.has(facts.instance)) continue;
      if (cgroup !== undefined && !cgroups.remove(cgroup)) continue;
      if (isAlive({ pid, startTicks })) continue;
      launched.delete(facts.instance);
      store.delete(facts.instance);
    }
  }

  #keep(launch: ActiveLaunch): void {
    const { process, ended: _, isEnded: __, isStopping: ___, ...details } = launch;
    this.#deps.store.put({ ...details, bootId: this.#deps.bootId, marks: process?.marks });
  }

  /** Never rejects. */
  async #end(launch: ActiveLaunch, ending: Ending | undefined): Promise<void> {
    const { processes, launched, secrets } = this.#deps;
    const { facts, pid, startTicks, process, cgroup } = launch;
    launch.isEnded = true;
    this.#active.delete(facts.instance);
    // What it left behind in its cgroup still comes from it.
    launched.set({ facts, pid, startTicks, cgroup, process: undefined });
    if (process !== undefined) processes.release(process);
    secrets.remove(facts.instance);
    this.sweep();
    await this.#record(launch, ending);
  }

  async #record({ facts: { instance }, pid }: ActiveLaunch, ending: Ending | undefined): Promise<void> {
    try {
      await this.#deps.recorder.append({ event: 'ended', instance, pid, ...ending });
    } catch (error) {
      this.#deps.log.warn('the end of a launched program could not be recorded', { instance, pid, error });
    }
  }
}

/** The operator sees all, everybody else what they have launched or what runs as them. */
export function isSeenBy({ facts, uid }: ActiveLaunch, viewer: Viewer): boolean {
  return viewer === 'operator' || facts.launchedBy === viewer.uid || uid === viewer.uid;
}

function statusOf(launch: ActiveLaunch): LaunchStatus {
  const { facts, pid, uid, detached, startedAt, restarts } = launch;
  return {
    instance: facts.instance,
    name: facts.name,
    pid,
    uid,
    launchedBy: facts.launchedBy,
    detached,
    startedAt,
    executable: facts.executable,
    script: facts.script?.path,
    restarts,
    notes: facts.notes,
  };
}
