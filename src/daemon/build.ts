import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { AdminRooms } from '../api/admin-rooms.js';
import { CallNumbers, Desk } from '../api/desk.js';
import type { ExplainRooms } from '../api/explain.js';
import type { DeskRooms, Rooms } from '../api/rooms.js';
import { buildAdminServer, buildAgentServer } from '../api/server.js';
import { AccountFiles } from '../attestation/account-names.js';
import { Attestors } from '../attestation/attest.js';
import { ProcessAttestor } from '../attestation/process-attestor.js';
import { Reattestation } from '../attestation/reattestation.js';
import { UnixAttestor } from '../attestation/unix-attestor.js';
import { Authorities } from '../authority/authorities.js';
import type { AuthoritySettings, Lifetimes } from '../authority/settings.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import { DEFAULT_DOOR_LIMITS } from '../door/door-limits.js';
import { Door } from '../door/listener.js';
import { EntryCatalog } from '../entries/entry-catalog.js';
import { InstanceRegistry } from '../instances/instance-registry.js';
import { BundleStore } from '../issuance/bundle-store.js';
import { Views } from '../issuance/workload-view.js';
import { openKernel, type Kernel } from '../kernel/kernel.js';
import { trimMemory } from '../kernel/memory.js';
import { descriptorLimit, hideFromOthers } from '../kernel/process-control.js';
import { notifyServiceManager } from '../kernel/sd-notify.js';
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
import { examine, type Health, type HealthProbe } from './health.js';
import { authorityProbe, bundlesProbe, entriesProbe, stateProbe } from './health-probes.js';
import { Housekeeping } from './housekeeping.js';
import { HttpServer } from './http-server.js';
import { LoopMonitor } from './loop-monitor.js';
import { PrometheusMetrics } from './prometheus.js';
import { prepareRuntimeFolder } from './runtime-folder.js';
import { SYSTEM_CLOCK } from './system-clock.js';
import { SystemdNotifier } from './systemd-notifier.js';

const AGENT_SOCKET_MODE = 0o666;
const ADMIN_SOCKET_MODE = 0o600;
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
export async function buildDaemon({ config, version, log, signal }: DaemonDeps): Promise<Daemon> {
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
  });
  const instances = new InstanceRegistry({ random, onGone: (instance) => views.forget(instance) });
  const budget = new DescriptorBudget(descriptorLimits(config, descriptorLimit(kernel.libc)));
  const processes = opened.use(
    new ProcessTable({ kernel, budget, gone: (process) => instances.release(process) }),
  );

  const numbers = new CallNumbers();
  const desk: Omit<DeskRooms, 'peerOf'> = {
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
  };
  const rooms: Rooms = {
    ...desk,
    peerOf: (call) => agentDoor.peerOf(call),
    views,
    trustDomain,
    profiles: { wit: config.wit },
    foreignJwtClaims: config.jwt_claims_of_foreign_trust_domains,
    serving: new SnapshotCell(true),
  };
  const explain: ExplainRooms = {
    explain: { processes, attestors },
    entries: entries.entries,
    instances,
    clock,
  };
  const agentDesk = Desk.open(rooms, 'agent', numbers);
  const agentServer = buildAgentServer(rooms, agentDesk, explain);
  const door = { kernel, processes, limits: DEFAULT_DOOR_LIMITS, clock, log, metrics, random };
  const agentDoor = opened.use(
    await Door.open({ ...door, path: config.socket, mode: AGENT_SOCKET_MODE, server: agentServer }),
  );

  const probes = [
    authorityProbe(authorities, clock),
    entriesProbe(entries),
    bundlesProbe(bundles),
    stateProbe(recorder),
  ];
  const adminRooms: AdminRooms = {
    ...desk,
    ...explain,
    trustDomain,
    views,
    peerOf: (call) => adminDoor.peerOf(call),
    about: aboutOf(config, version, clock.now()),
    numbers,
    agentDesk,
    door: agentDoor,
    catalog: entries,
    authorities,
    bundles,
    who: (needle) => RecordFile.find(state.file(RECORD), needle),
    health: () => examine(probes).checks,
  };
  const adminServer = buildAdminServer(adminRooms, Desk.open(adminRooms, 'admin', numbers));
  const adminDoor = opened.use(
    await Door.open({
      ...door,
      path: config.adminSocket,
      mode: ADMIN_SOCKET_MODE,
      server: adminServer,
      allow: (credentials) => credentials.uid === uid || credentials.uid === 0,
    }),
  );

  const loop = opened.use(new LoopMonitor());
  metrics.read({
    connections: () => ({
      agent: agentDoor.statistics.connections,
      admin: adminDoor.statistics.connections,
    }),
    streams: () => agentDesk.openCalls,
    instances: () => instances.size,
    entries: () => entries.entries.current.value.size,
    entryProblems: () => entries.problems.length,
    authorityExpiry: () => expiryOf(authorities, clock),
    descriptors: () => ({ open: readdirSync('/proc/self/fd').length, limit: descriptorLimit(kernel.libc) }),
    loopDelay: () => ({ ...loop.take() }),
    residentBytes: () => process.memoryUsage.rss(),
  });

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
    adminDoor,
    ...(await httpServices({ config, log, metrics, probes })),
    ...systemdServices({ kernel, clock, status: () => `serving ${instances.size} processes` }),
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

function aboutOf(
  { mode, socket, adminSocket, state }: Config,
  version: string,
  startedAt: Date,
): AdminRooms['about'] {
  return { version, mode, startedAt, agentSocket: socket, adminSocket, stateFolder: state };
}

function expiryOf({ set }: Authorities, clock: Clock): Readonly<Record<string, number>> {
  const { x509, jwt, wit } = set.current.value;
  const seconds = ({ notAfter }: { readonly notAfter: Date }): number =>
    (notAfter.getTime() - clock.now().getTime()) / 1_000;
  return { x509: seconds(x509), jwt: seconds(jwt), wit: seconds(wit) };
}

interface HttpParts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: PrometheusMetrics;
  readonly probes: readonly HealthProbe[];
}

async function httpServices({ config, log, metrics, probes }: HttpParts): Promise<readonly Service[]> {
  if (config.http === undefined) return [];
  const { host, port } = config.http.listen;
  const health = (): Health => examine(probes);
  return [await HttpServer.open({ host, port, health, scrape: () => metrics.scrape(), log })];
}

interface SystemdParts {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly status: () => string;
}

function systemdServices({ kernel, clock, status }: SystemdParts): readonly Service[] {
  const { env } = process;
  const address = env.NOTIFY_SOCKET;
  if (address === undefined) return [];
  const notify = (state: string): void => void notifyServiceManager(kernel.libc, address, state);
  return [new SystemdNotifier({ notify, env, status, clock })];
}
