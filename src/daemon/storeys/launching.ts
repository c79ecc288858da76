import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SpoorError } from '../../core/errors.js';
import { entitlementOf } from '../../instances/entitlement.js';
import { descriptorLimit } from '../../kernel/process-control.js';
import { ReadinessSet } from '../../kernel/readiness.js';
import { LaunchCgroups } from '../../launch/starting/cgroups.js';
import { ExecutableCopies } from '../../launch/measuring/executable-copies.js';
import { InterpreterVersions } from '../../launch/measuring/interpreter-versions.js';
import { LaunchGate, type Identity } from '../../launch/gate/launch-gate.js';
import { LaunchRoom } from '../../launch/launch-room.js';
import { LaunchStore } from '../../launch/running/launch-store.js';
import { Launches } from '../../launch/running/launches.js';
import { ProgramMeasurer } from '../../launch/measuring/program-measurer.js';
import { ProgramStarter } from '../../launch/starting/program-starter.js';
import { Reaper } from '../../launch/running/reaper.js';
import { recoverLaunches } from '../../launch/running/recovery.js';
import { LaunchSecrets } from '../../launch/starting/secrets.js';
import { Accounts } from '../../measurement/accounts.js';
import { readConfinement } from '../../measurement/confinement.js';
import type { MeasuredProcess } from '../../measurement/process.js';
import type { Ground } from './ground.js';
import type { Instances } from './instances.js';
import type { Kept } from './kept.js';

const STAGE2 = fileURLToPath(new URL('../../launch/starting/stage2.js', import.meta.url));
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Nobody called. */
const NO_CALL = { call: 0 };

/**
 * What starts programs. Those of an earlier daemon are found again before anybody is let in.
 *
 * Errors: STATE_UNUSABLE, KERNEL_UNSUPPORTED.
 */
export function openLaunching(
  ground: Ground,
  kept: Kept,
  present: Instances,
  opened: AsyncDisposableStack,
): LaunchRoom {
  const { config, kernel, clock, log, uid, signal } = ground;
  const { processes, launched, digests } = present;
  const own = new Set<number>();
  const shared = { kernel, processes, launched, recorder: kept.recorder, clock, log };
  const cgroups = new LaunchCgroups(present.mounts);
  const secrets = new LaunchSecrets({
    folder: join(dirname(config.launchSocket), 'credentials'),
    credentials: process.env.CREDENTIALS_DIRECTORY,
    rights: kernel.rights,
  });
  const store = new LaunchStore(kept.database);
  const bootId = readFileSync(BOOT_ID, 'utf8').trim();
  const copies = opened.use(new ExecutableCopies(kernel.sealed));
  const { mode } = config;
  const stages = {
    ...{ mode, own },
    stage2: [process.execPath, '--disable-sigusr1', STAGE2],
    hardDescriptors: descriptorLimit(kernel.libc),
  };
  const room = new LaunchRoom({
    definitions: kept.definitions.definitions,
    gate: new LaunchGate({
      host: { uid, mode, confinement: readConfinement('/proc/self') },
      launched,
      accounts: new Accounts(),
      identify: (process) => identify(process, ground, kept, present),
    }),
    measurer: new ProgramMeasurer({
      ...{ digests, copies, mode },
      sealed: kernel.sealed,
      rights: kernel.rights,
      versions: new InterpreterVersions(stages),
      packages: config.packages,
    }),
    starter: new ProgramStarter({
      ...shared,
      ...stages,
      ...{ cgroups, secrets },
      random: ground.random,
      endpoint: `unix://${config.socket}`,
    }),
    launches: new Launches({ ...shared, cgroups, secrets, store, bootId }),
    reaper: new Reaper(kernel.children, own),
    known: (process) => void attest(process, ground, present),
    clock,
    log,
    stopping: signal,
  });
  const exits = opened.use(new ReadinessSet(kernel.libc));
  exits.unref();
  recoverLaunches({ store, processes, launched, room, secrets, exits, bootId, log });
  return room;
}

/** What a process may be now. Errors: those of attestation. */
async function identify(
  process: MeasuredProcess,
  { clock, signal }: Ground,
  { entries }: Kept,
  { instances, attestors }: Instances,
): Promise<Identity> {
  const instance = instances.of(process);
  const attestation = await attestors.attest(instance, NO_CALL, signal);
  const { matches } = entitlementOf(attestation, entries.entries.current.value, clock.now());
  return { instance: instance.id, spiffeIds: matches.map(({ spiffeId }) => spiffeId.toString()) };
}

/** A launched program is an instance from its first moment, whether it ever asks for anything or not. Never rejects. */
async function attest(
  process: MeasuredProcess,
  { log, signal }: Ground,
  { instances, attestors }: Instances,
): Promise<void> {
  const instance = instances.of(process);
  try {
    await attestors.attest(instance, NO_CALL, signal);
  } catch (error) {
    // It has ended already, or become another program: many do, and nothing can be asked of it any more.
    if (error instanceof SpoorError && error.code === 'PEER_UNKNOWN') return;
    log.warn('a launched program could not be attested; that is tried again when it asks', {
      instance: instance.id,
      pid: process.pid,
      error,
    });
  }
}
