import { SpoorError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Recorder } from '../../core/record.js';
import type { LaunchedProcesses } from '../../instances/launched-processes.js';
import type { LaunchCgroup, LaunchFacts } from '../../instances/launched.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Account } from '../../measurement/accounts.js';
import type { KeptProcess, ProcessTable } from '../../measurement/process-table.js';
import { enrolmentFile, type LaunchCgroups } from './cgroups.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import { FIXED_PATH } from '../fixed-path.js';
import { launchEnvironment } from '../definitions/launch-environment.js';
import type { Ending } from '../launching.js';
import { launchLimits } from './limits.js';
import type { MeasuredProgram } from '../measured-program.js';
import { launchedRecord } from './launched-record.js';
import type { LaunchSecrets } from './secrets.js';
import { launchSelectors } from './selectors.js';
import type { Stage2Order } from './stage2-order.js';
import { startStage2, type StartingProcess } from './starter.js';

const UMASK = 0o022;
const ID_BYTES = 16;

/** One start, with everything decided and measured. */
export interface StartPlan {
  readonly definition: LaunchDefinition;
  readonly program: MeasuredProgram;
  /** As whom it runs. */
  readonly account: Account;
  /** Variables of the caller. */
  readonly callerEnv: Readonly<Record<string, string>>;
  /** Tried in turn. */
  readonly cwd: readonly string[];
  readonly terminal: boolean;
  readonly stdio: readonly [number, number, number];
  /** Uid of whoever launches. */
  readonly launchedBy: number;
  /** Id of the instance that launches, where the definition names that. */
  readonly parent: string | undefined;
}

/** A program that executes. */
export interface StartedProgram {
  readonly facts: LaunchFacts;
  readonly pid: number;
  readonly startTicks: number;
  readonly cgroup: LaunchCgroup | undefined;
  /** Held in the table of processes; undefined when the program had ended before it could be looked at. */
  readonly process: KeptProcess | undefined;
  /** Never rejects. */
  readonly ended: Promise<Ending>;
}

export interface ProgramStarterDeps {
  readonly kernel: Kernel;
  readonly processes: ProcessTable;
  readonly launched: LaunchedProcesses;
  readonly cgroups: LaunchCgroups;
  readonly secrets: LaunchSecrets;
  readonly recorder: Recorder;
  readonly log: Logger;
  readonly random: (bytes: number) => Buffer;
  readonly mode: 'root' | 'user';
  /** Of the Workload API: `unix:///run/spoor/agent.sock`. */
  readonly endpoint: string;
  /** Node.js, its arguments and the program of stage 2. */
  readonly stage2: readonly string[];
  /** Numbers of children that Node.js reaps. */
  readonly own: Set<number>;
  /** How many descriptors the daemon may have at the most. */
  readonly hardDescriptors: number;
}

interface Identified {
  readonly startTicks: number;
  readonly process: KeptProcess | undefined;
}

/** No process started before the first tick of the clock. */
const ENDED: Identified = { startTicks: 0, process: undefined };

/** Starts measured programs, and sees to it that each is known as what it is before it runs a line of its script. */
export class ProgramStarter {
  readonly #deps: ProgramStarterDeps;

  constructor(deps: ProgramStarterDeps) {
    this.#deps = deps;
  }

  /**
   * Starts a program, and resolves once it executes.
   *
   * Takes:  `admit`: takes it in, before it runs a line of its script; what it throws ends the program.
   * Errors: LAUNCH_FAILED; RECORD_UNWRITABLE, since nothing runs that is not recorded; those of `admit`.
   * Source: decision 4.
   */
  async start<T>(plan: StartPlan, admit: (started: StartedProgram) => T): Promise<T> {
    const { launched, secrets } = this.#deps;
    const instance = this.#deps.random(ID_BYTES).toString('hex');
    const { program, stdio } = plan;
    const descriptors = {
      stdio,
      executable: program.executable.descriptor,
      ...(program.loaded !== undefined && { loaded: program.loaded }),
    };
    const starting = await startStage2(this.#deps.stage2, descriptors, this.#deps.own);
    const settled = launched.begin(starting.pid, instance);
    try {
      return await this.#execute(plan, instance, starting, admit);
    } catch (error) {
      secrets.remove(instance);
      throw error;
    } finally {
      settled();
    }
  }

  async #execute<T>(
    plan: StartPlan,
    instance: string,
    starting: StartingProcess,
    admit: (started: StartedProgram) => T,
  ): Promise<T> {
    const { cgroups, launched, recorder } = this.#deps;
    const made = cgroups.make(instance);
    const cgroup = 'failure' in made ? undefined : made;
    const facts = this.#factsOf(plan, instance, 'failure' in made ? [made.failure] : []);
    try {
      await starting.execute(this.#orderOf(plan, instance, cgroup));
      const { startTicks, process } = this.#identify(starting.pid, plan.program);
      launched.set({ facts, pid: starting.pid, startTicks, cgroup, process });
      await recorder.append(launchedRecord(facts, starting.pid, plan.account.uid));
      const { pid, ended } = starting;
      const admitted = admit({ facts, pid, startTicks, cgroup, process, ended });
      starting.openGate();
      return admitted;
    } catch (error) {
      this.#abandon(starting.pid, instance, cgroup);
      throw error;
    }
  }

  #orderOf(
    { definition, program, account, callerEnv, cwd, terminal }: StartPlan,
    instance: string,
    cgroup: LaunchCgroup | undefined,
  ): Omit<Stage2Order, 'loaded'> {
    const { mode, endpoint, secrets, hardDescriptors } = this.#deps;
    const { uid, gid, groups, name, home, shell } = account;
    const become = mode === 'root' ? { uid, gid, groups } : undefined;
    const credentials = secrets.write(instance, definition, become);
    const fixed = {
      HOME: home,
      USER: name,
      LOGNAME: name,
      SHELL: shell,
      PATH: FIXED_PATH,
      SPIFFE_ENDPOINT_SOCKET: endpoint,
      SPOOR_INSTANCE: instance,
      ...(credentials !== undefined && { CREDENTIALS_DIRECTORY: credentials }),
    };
    const env = launchEnvironment(definition, fixed, callerEnv);
    return {
      cgroups: cgroup === undefined ? [] : [enrolmentFile(cgroup)],
      terminal,
      limits: launchLimits(definition, hardDescriptors),
      ...(become !== undefined && { become }),
      cwd,
      umask: UMASK,
      argv: program.argv,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    };
  }

  #factsOf(
    { definition: { name }, program, launchedBy, parent }: StartPlan,
    instance: string,
    failures: readonly string[],
  ): LaunchFacts {
    const { executable, script, notes } = program;
    return {
      instance,
      name,
      launchedBy,
      ...(parent !== undefined && { parent }),
      executable: executable.realPath,
      executableSha256: executable.sha256,
      ...(script !== undefined && { script }),
      notes: [...notes, ...failures],
      selectors: launchSelectors(name, launchedBy, script),
    };
  }

  /**
   * The process that executes, with its marks: it is held until it has ended.
   *
   * Returns: no process when it has ended already, or has become another program before it could be looked at.
   */
  #identify(pid: number, { executable }: MeasuredProgram): Identified {
    const { processes, kernel, log } = this.#deps;
    try {
      const process = processes.acquirePid(pid);
      const expected = kernel.files.ofDescriptor(executable.descriptor);
      const { executable: found } = process.marks;
      const { startTicks } = process;
      if (found?.inode === expected?.inode && found?.device === expected?.device)
        return { startTicks, process };
      const isEnding = found === undefined && process.standing() !== 'same';
      processes.release(process);
      if (isEnding) return { startTicks, process: undefined };
      log.warn('a launched program became another one at once; it is not taken for what was measured', {
        pid,
      });
      return { startTicks, process: undefined };
    } catch (error) {
      if (error instanceof SpoorError && error.code === 'PROCESS_NOT_FOUND') return ENDED;
      throw error;
    }
  }

  /** It was started and is not to run. */
  #abandon(pid: number, instance: string, cgroup: LaunchCgroup | undefined): void {
    const { cgroups, launched, processes } = this.#deps;
    const held = launched.get(instance)?.process;
    launched.delete(instance);
    if (held !== undefined) processes.release(held);
    // Once it is reaped, its number may be another process's.
    if (this.#deps.own.has(pid)) process.kill(pid, 'SIGKILL');
    if (cgroup === undefined) return;
    cgroups.kill(cgroup);
    cgroups.remove(cgroup);
  }
}
