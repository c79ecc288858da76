import { readFileSync, statSync } from 'node:fs';
import { parseCgroups, type CgroupPlace } from '../measurement/cgroup.js';
import { lineageOf, type Born } from '../measurement/lineage.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { FoundBy } from './instance.js';
import type { Launched, LaunchCgroup, LaunchFacts } from './launched.js';

/** From which launched program a process comes, as far as that is known. */
export interface Origin {
  /** Undefined when it is known only that there is one. */
  readonly launched: Launched | undefined;
  readonly by: FoundBy;
}

interface Starting {
  readonly instance: string;
  readonly settled: Promise<void>;
}

/**
 * Which processes the daemon has started, and which come from those.
 *
 * Source: decision 5.
 */
export class LaunchedProcesses {
  readonly #daemonPid: number;
  readonly #byInstance = new Map<string, Launched>();
  readonly #byProcess = new Map<MeasuredProcess, Launched>();
  readonly #byPid = new Map<number, Launched>();
  readonly #byCgroup = new Map<string, Launched>();
  readonly #starting = new Map<number, Starting>();
  #isUsed = false;

  /** Takes: the daemon's own number, under which orphans of launched programs are found. */
  constructor(daemonPid: number) {
    this.#daemonPid = daemonPid;
  }

  /**
   * A process was started that is about to become the instance of this id. Until the function that this gives is
   * called, whoever wants to know what the process is has to wait.
   */
  begin(pid: number, instance: string): () => void {
    this.#isUsed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#starting.set(pid, { instance, settled: promise });
    return () => {
      this.#starting.delete(pid);
      resolve();
    };
  }

  /** Adds one, or puts it in the place of the one of its id. */
  set(launched: Launched): void {
    this.#isUsed = true;
    this.delete(launched.facts.instance);
    this.#byInstance.set(launched.facts.instance, launched);
    this.#byPid.set(launched.pid, launched);
    if (launched.process !== undefined) this.#byProcess.set(launched.process, launched);
    if (launched.cgroup !== undefined) this.#byCgroup.set(keyOf(launched.cgroup), launched);
  }

  /** Nothing comes from it any more. */
  delete(instance: string): void {
    const launched = this.#byInstance.get(instance);
    if (launched === undefined) return;
    this.#byInstance.delete(instance);
    if (this.#byPid.get(launched.pid) === launched) this.#byPid.delete(launched.pid);
    if (launched.process !== undefined) this.#byProcess.delete(launched.process);
    if (launched.cgroup !== undefined) this.#byCgroup.delete(keyOf(launched.cgroup));
  }

  get(instance: string): Launched | undefined {
    return this.#byInstance.get(instance);
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Launched> {
    return this.#byInstance.values();
  }

  /** What is known of exactly that execution of that process; undefined for all that were not launched. */
  factsOf(process: MeasuredProcess): LaunchFacts | undefined {
    return this.#byProcess.get(process)?.facts;
  }

  /** The same by number and start, as long as the process is still what was launched. */
  factsAt(born: Born): LaunchFacts | undefined {
    const launched = this.#launchedAs(born);
    return launched?.process?.standing() === 'same' ? launched.facts : undefined;
  }

  /** The id that was given to the instance before it began. */
  instanceIdOf({ pid }: MeasuredProcess): string | undefined {
    return this.#starting.get(pid)?.instance;
  }

  /** Resolves when it is known whether a process that is being started is what it was to become. */
  startOf({ pid }: MeasuredProcess): Promise<void> | undefined {
    return this.#starting.get(pid)?.settled;
  }

  /**
   * Where a process comes from that is not launched itself; undefined when it comes from no launched one.
   *
   * Errors: those of node:fs when the process is gone.
   */
  originOf({ pid, startTicks, folder }: MeasuredProcess): Origin | undefined {
    if (!this.#isUsed) return undefined;
    // A launched program that has executed another one.
    const itself = this.#launchedAs({ pid, startTicks });
    if (itself !== undefined) return { launched: itself, by: 'execution' };
    return this.#byItsCgroup(folder) ?? this.#byItsLineage(folder);
  }

  #byItsCgroup(folder: string): Origin | undefined {
    if (this.#byCgroup.size === 0) return undefined;
    for (const place of parseCgroups(readFileSync(`${folder}/cgroup`, 'utf8'))) {
      const launched = this.#cgroupAround(place);
      if (launched !== undefined) return { launched, by: 'cgroup' };
    }
    return undefined;
  }

  #cgroupAround({ hierarchy, path }: CgroupPlace): Launched | undefined {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const launched = this.#byCgroup.get(keyOf({ hierarchy, path: at }));
      if (launched?.cgroup !== undefined && isStill(launched.cgroup)) return launched;
    }
    return undefined;
  }

  #byItsLineage(folder: string): Origin | undefined {
    const line = lineageOf(folder);
    if (line === 'unclear') return { launched: undefined, by: 'lost' };
    for (const ancestor of line) {
      const launched = this.#launchedAs(ancestor);
      if (launched !== undefined) return { launched, by: 'ancestry' };
      if (ancestor.pid === this.#daemonPid) return { launched: undefined, by: 'adoption' };
    }
    return undefined;
  }

  #launchedAs({ pid, startTicks }: Born): Launched | undefined {
    const launched = this.#byPid.get(pid);
    return launched?.startTicks === startTicks ? launched : undefined;
  }
}

function keyOf({ hierarchy, path }: CgroupPlace): string {
  return `${hierarchy} ${path}`;
}

/** A folder that root removed and made again holds other processes. */
function isStill({ folder, inode }: LaunchCgroup): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.ino === inode;
}
