import { randomBytes } from 'node:crypto';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import { SnapshotCell } from '../../src/core/snapshot.js';
import { LaunchedProcesses } from '../../src/instances/launched-processes.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { ReadinessSet } from '../../src/kernel/readiness.js';
import { LaunchCgroups } from '../../src/launch/starting/cgroups.js';
import { DefinitionSet } from '../../src/launch/definitions/definition-set.js';
import type { LaunchDefinition } from '../../src/launch/definitions/definition.js';
import { ExecutableCopies } from '../../src/launch/measuring/executable-copies.js';
import { InterpreterVersions } from '../../src/launch/measuring/interpreter-versions.js';
import { LaunchGate } from '../../src/launch/gate/launch-gate.js';
import { LaunchRoom } from '../../src/launch/launch-room.js';
import { LaunchStore } from '../../src/launch/running/launch-store.js';
import { Launches } from '../../src/launch/running/launches.js';
import type { LaunchRequest, RunningLaunch } from '../../src/launch/launching.js';
import { ProgramMeasurer } from '../../src/launch/measuring/program-measurer.js';
import { ProgramStarter } from '../../src/launch/starting/program-starter.js';
import { Reaper } from '../../src/launch/running/reaper.js';
import { recoverLaunches } from '../../src/launch/running/recovery.js';
import { LaunchSecrets } from '../../src/launch/starting/secrets.js';
import { Accounts } from '../../src/measurement/accounts.js';
import { CgroupMounts } from '../../src/measurement/cgroup-mounts.js';
import { readConfinement } from '../../src/measurement/confinement.js';
import { budgetLimits, DescriptorBudget } from '../../src/measurement/descriptor-budget.js';
import { Digests } from '../../src/measurement/digests.js';
import { ProcessTable } from '../../src/measurement/process-table.js';
import { Database } from '../../src/state/database.js';
import { aDefinition } from './a-definition.js';
import { FakeClock } from './fake-clock.js';
import { MemoryLog } from './memory-log.js';
import { MemoryRecorder } from './memory-recorder.js';
import { temporaryFolder } from './temporary-folder.js';
import { typescriptArguments } from './typescript-process.js';

const STAGE2 = fileURLToPath(new URL('../../src/launch/starting/stage2.ts', import.meta.url));

/** Stage 2 as a process, from its source. */
export const STAGE2_COMMAND = [process.execPath, '--disable-sigusr1', ...typescriptArguments(STAGE2)];

/** More than any program of a test needs. */
export const DESCRIPTORS = 4_096;

/**
 * All that launches, in user mode, with real processes and a clock of the test's own. What it launches ends with it.
 *
 * Takes: `folder`: of an earlier one, whose launches it then knows. `bootId`: of the machine.
 */
export async function openLaunchHouse(options: { folder?: string; bootId?: string } = {}) {
  const { bootId = 'this-boot' } = options;
  const cleanup = new AsyncDisposableStack();
  const folder = options.folder ?? cleanup.use(await temporaryFolder()).path;
  const database = cleanup.use(await Database.open(join(folder, 'spoor.db')));
  const kernel = openKernel();
  const [clock, log, recorder] = [
    new FakeClock('2040-01-01T00:00:00Z'),
    new MemoryLog(),
    new MemoryRecorder(),
  ];
  const budget = new DescriptorBudget(budgetLimits(DESCRIPTORS));
  const processes = cleanup.use(new ProcessTable({ kernel, budget }));
  const launched = new LaunchedProcesses(process.pid);
  const cgroups = new LaunchCgroups(new CgroupMounts());
  const secrets = new LaunchSecrets({
    folder: join(folder, 'credentials'),
    credentials: undefined,
    rights: kernel.rights,
  });
  const store = new LaunchStore(database);
  const definitions = new SnapshotCell(DefinitionSet.of([]));
  const own = new Set<number>();
  const stages = { mode: 'user', own, stage2: STAGE2_COMMAND, hardDescriptors: DESCRIPTORS } as const;
  const shared = { kernel, processes, launched, cgroups, secrets, recorder, clock, log };
  const launches = new Launches({ ...shared, store, bootId });
  const stop = new AbortController();
  const room = new LaunchRoom({
    definitions,
    gate: new LaunchGate({
      host: { uid: process.geteuid!(), mode: 'user', confinement: readConfinement('/proc/self') },
      launched,
      accounts: new Accounts(),
      identify: async () => ({ instance: '', spiffeIds: [] }),
    }),
    measurer: new ProgramMeasurer({
      digests: cleanup.use(new Digests({ clock: MACHINE_CLOCK })),
      copies: cleanup.use(new ExecutableCopies(kernel.sealed)),
      mode: 'user',
      sealed: kernel.sealed,
      rights: kernel.rights,
      versions: new InterpreterVersions(stages),
      packages: join(folder, 'packages'),
    }),
    starter: new ProgramStarter({ ...shared, ...stages, random: randomBytes, endpoint: 'unix:///nowhere' }),
    launches,
    reaper: new Reaper(kernel.children, own),
    known: () => {},
    clock,
    log,
    stopping: stop.signal,
  });
  const exits = cleanup.use(new ReadinessSet(kernel.libc));
  recoverLaunches({ store, processes, launched, room, secrets, exits, bootId, log });
  const caller = processes.acquirePid(process.pid);
  const output = join(folder, 'output');
  const nobodyLeft = async (): Promise<void> => {
    stop.abort();
    await Promise.all([...launches].map((launch) => launches.stop(launch, 0)));
    launches.sweep();
  };
  cleanup.defer(nobodyLeft);
  return {
    ...{
      folder,
      kernel,
      clock,
      log,
      recorder,
      processes,
      launched,
      store,
      launches,
      room,
      caller,
      stop,
      own,
    },
    /** These are all the definitions from now on. */
    define: (...all: readonly Partial<LaunchDefinition>[]): void => {
      definitions.set(DefinitionSet.of(all.map(aDefinition)));
    },
    /** Launches one, whose output is kept. */
    launch: (name: string, request: Partial<LaunchRequest> = {}): Promise<RunningLaunch> => {
      const said = openSync(output, 'a');
      const stdio = [openSync('/dev/null', 'r'), said, openSync(output, 'a')] as const;
      const base = { name, args: [], env: {}, cwd: '/', detach: false, terminal: false, stdio };
      return room.launch({ ...base, ...request }, caller);
    },
    /** All that launched programs have said. */
    said: (): string => readFileSync(output, 'utf8'),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
