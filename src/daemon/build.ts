import { randomBytes } from 'node:crypto';
import { CallNumbers, Desk } from '../api/desk.js';
import type { Rooms } from '../api/rooms.js';
import { buildAgentServer } from '../api/server.js';
import { AccountFiles } from '../attestation/account-names.js';
import { Attestors } from '../attestation/attest.js';
import { ProcessAttestor } from '../attestation/process-attestor.js';
import { Reattestation } from '../attestation/reattestation.js';
import { UnixAttestor } from '../attestation/unix-attestor.js';
import { Authorities } from '../authority/authorities.js';
import type { AuthoritySettings, Lifetimes } from '../authority/settings.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import { DEFAULT_DOOR_LIMITS } from '../door/door-limits.js';
import { Door } from '../door/listener.js';
import { EntryCatalog } from '../entries/entry-catalog.js';
import { InstanceRegistry } from '../instances/instance-registry.js';
import { BundleStore } from '../issuance/bundle-store.js';
import { Views } from '../issuance/workload-view.js';
import { openKernel } from '../kernel/kernel.js';
import { trimMemory } from '../kernel/memory.js';
import { descriptorLimit, hideFromOthers } from '../kernel/process-control.js';
import { RecordFile } from '../ledger/record-file.js';
import { Refusals } from '../ledger/refusals.js';
import { CgroupMounts } from '../measurement/cgroup-mounts.js';
import { CgroupOwners } from '../measurement/cgroup-owners.js';
import { budgetLimits, DescriptorBudget, type BudgetLimits } from '../measurement/descriptor-budget.js';
import { Digests } from '../measurement/digests.js';
import { ProcessTable } from '../measurement/process-table.js';
import { ProcessTree } from '../measurement/process-tree.js';
import { StateFolder } from '../state/state-folder.js';
import type { Config } from './config.js';
import { Housekeeping } from './housekeeping.js';
import { PrometheusMetrics } from './prometheus.js';
import { prepareRuntimeFolder } from './runtime-folder.js';
import { SYSTEM_CLOCK } from './system-clock.js';

const AGENT_SOCKET_MODE = 0o666;
const RECORD = 'record.jsonl';
const MIB = 1_048_576;

export interface DaemonDeps {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A daemon that is open and listening; it answers once its services run. */
export interface Daemon extends AsyncDisposable {
  readonly services: readonly Service[];
}

/**
 * Joins the rooms: the only place that says `new` to all of them. Read it from top to bottom to see what stands on what.
 *
 * Errors: whatever a room says at its opening; what was opened before is then closed again.
 */
export async function buildDaemon({ config, log, signal }: DaemonDeps): Promise<Daemon> {
  await using opened = new AsyncDisposableStack();
  const clock = SYSTEM_CLOCK;
  const { trustDomain } = config;
  const random = (size: number): Buffer => randomBytes(size);

  const kernel = openKernel();
  hideFromOthers(kernel.libc);
  const uid = process.geteuid?.() ?? 0;
  if (config.runtime !== undefined) prepareRuntimeFolder(config.runtime, config.mode, uid);

  const metrics = new PrometheusMetrics();
  const state = opened.use(await StateFolder.open(config.state, trustDomain));
  const recorder = opened.use(await RecordFile.open(state.file(RECORD), { clock }));
  const refusals = new Refusals({ recorder, clock, log });

  const lifetimes = lifetimesOf(config);
  const settings = authoritySettings(config, lifetimes);
  const authorities = await Authorities.open({
    state,
    trustDomain,
    settings,
    clock,
    random,
    log,
    metrics,
    recorder,
  });
  const { database } = state;
  const entries = await EntryCatalog.open({ folder: config.entries, database, trustDomain, clock, log });
  const bundles = await BundleStore.open({ folder: config.bundles, database, trustDomain, clock, log });

  const digests = opened.use(new Digests({ clock, maxBytes: config.limits.hash_size * MIB }));
  const accounts = new AccountFiles(clock);
  const tree = opened.use(new ProcessTree({ digests, clock }));
  const owners = new CgroupOwners({ mounts: new CgroupMounts(), clock });
  const attestors = new Attestors({
    attestors: [new UnixAttestor({ digests, accounts }), new ProcessAttestor({ tree, owners })],
    clock,
    log,
    metrics,
    recorder,
    ...(config.mode === 'user' && { onlyUid: uid }),
  });

  const views = new Views({
    entries: entries.entries,
    authorities: authorities.set,
    foreign: bundles.foreign,
    recorder,
    clock,
    random: Math.random,
    log,
    metrics,
    lifetimes,
    trustDomain,
  });
  const instances = new InstanceRegistry({ random, onGone: (instance) => views.forget(instance) });
  const budget = new DescriptorBudget(descriptorLimits(config, descriptorLimit(kernel.libc)));
  const processes = opened.use(
    new ProcessTable({ kernel, budget, gone: (process) => instances.release(process) }),
  );

  const numbers = new CallNumbers();
  const rooms: Rooms = {
    peerOf: (call) => agentDoor.peerOf(call),
    instanceOf: ({ process }) => instances.of(process),
    attest: (instance, call, signal) => attestors.attest(instance, call, signal),
    refusals,
    clock,
    log,
    metrics,
    limits: {
      callsPerSecondPerUid: config.limits.calls_per_second_per_uid,
      callsPerSecondPerProcess: config.limits.calls_per_second_per_process,
      streamsPerConnection: config.limits.streams_per_connection,
    },
    stopping: signal,
    views,
    trustDomain,
    profiles: { wit: config.wit },
    foreignJwtClaims: config.jwt_claims_of_foreign_trust_domains,
    serving: new SnapshotCell(true),
  };
  const agentDesk = Desk.open(rooms, 'agent', numbers);
  const door = { kernel, processes, limits: DEFAULT_DOOR_LIMITS, clock, log, metrics, random };
  const agentDoor = opened.use(
    await Door.open({
      ...door,
      path: config.socket,
      mode: AGENT_SOCKET_MODE,
      server: buildAgentServer(rooms, agentDesk),
    }),
  );

  const services: Service[] = [
    entries,
    bundles,
    authorities,
    views,
    refusals,
    new Reattestation({ watched: () => agentDesk.openByInstance().keys(), attestors, clock, log }),
    new Housekeeping({
      residentBytes: () => process.memoryUsage.rss(),
      load: () => agentDoor.statistics.connections + agentDesk.openCalls,
      trim: () => trimMemory(kernel.libc),
      clock,
      log,
    }),
    agentDoor,
  ];
  const owned = opened.move();
  return { services, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function lifetimesOf({ lifetimes }: Config): Lifetimes {
  return {
    x509SvidSeconds: lifetimes.x509_svid,
    jwtSvidSeconds: lifetimes.jwt_svid,
    witSvidSeconds: lifetimes.wit_svid,
    authoritySeconds: lifetimes.authority,
  };
}

function authoritySettings({ upstream, jwt, keys }: Config, lifetimes: Lifetimes): AuthoritySettings {
  return {
    lifetimes,
    upstream,
    jwt,
    passphraseFile: keys.passphrase_file,
    credentialsDirectory: process.env.CREDENTIALS_DIRECTORY,
  };
}

function descriptorLimits({ limits }: Config, limit: number): BudgetLimits {
  const standard = budgetLimits(limit);
  return {
    inAll: limits.descriptors ?? standard.inAll,
    perUid: limits.descriptors_per_uid ?? standard.perUid,
  };
}
