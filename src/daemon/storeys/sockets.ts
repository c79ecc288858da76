import type { Server } from '@grpc/grpc-js';
import type { AdminRooms } from '../../api/admin-rooms.js';
import { CallNumbers, Desk } from '../../api/desk.js';
import type { ExplainRooms } from '../../api/explain.js';
import { LaunchHost } from '../../api/launch-host.js';
import type { DeskRooms, Rooms } from '../../api/rooms.js';
import { buildAdminServer, buildAgentServer } from '../../api/server.js';
import { DEFAULT_DOOR_LIMITS } from '../../door/door-limits.js';
import { GrpcHost } from '../../door/grpc-host.js';
import { Door, type DoorDeps } from '../../door/listener.js';
import { MessageReceiver } from '../../kernel/message-receiver.js';
import type { LaunchRoom } from '../../launch/launch-room.js';
import { RecordFile } from '../../ledger/record-file.js';
import { LAUNCH_DESCRIPTORS } from '../../wire/launch-frames.js';
import type { Config } from '../config.js';
import type { HealthMonitor } from '../health-monitor.js';
import type { Ground } from './ground.js';
import type { Instances } from './instances.js';
import type { Kept } from './kept.js';

/** Everybody may ask; what they get is decided behind the door. */
const AGENT_SOCKET_MODE = 0o666;
const ADMIN_SOCKET_MODE = 0o600;
/** Everybody may ask; who may launch what, its definition says. */
const LAUNCH_SOCKET_MODE = 0o666;

/** Everything behind the doors. */
export interface Inside {
  readonly ground: Ground;
  readonly kept: Kept;
  readonly present: Instances;
  readonly launching: LaunchRoom;
  readonly health: HealthMonitor;
}

export interface Sockets {
  readonly agent: Door;
  readonly admin: Door;
  readonly launch: Door;
  readonly agentDesk: Desk;
}

/** Errors: SOCKET_IN_USE, SOCKET_UNUSABLE. */
export async function openSockets(inside: Inside, opened: AsyncDisposableStack): Promise<Sockets> {
  const numbers = new CallNumbers();
  const desk = deskRooms(inside);
  const explain = explainRooms(inside);

  const rooms: Rooms = { ...desk, ...agentRooms(inside), peerOf: (call) => agentHost.peerOf(call) };
  const agentDesk = Desk.open(rooms, 'agent', numbers);
  const agentHost = grpcHost(inside, buildAgentServer(rooms, agentDesk, explain, inside.launching));
  const agent = opened.use(await openAgentDoor(inside, agentHost));

  const adminRooms: AdminRooms = {
    ...desk,
    ...explain,
    ...operatorRooms(inside),
    numbers,
    agentDesk,
    door: agent,
    peerOf: (call) => adminHost.peerOf(call),
  };
  const adminDesk = Desk.open(adminRooms, 'admin', numbers);
  const adminHost = grpcHost(inside, buildAdminServer(adminRooms, adminDesk, inside.launching));
  const admin = opened.use(await openAdminDoor(inside, adminHost));
  const launch = opened.use(await openLaunchDoor(inside, numbers));
  return { agent, admin, launch, agentDesk };
}

function grpcHost({ ground: { kernel, random } }: Inside, server: Server): GrpcHost {
  return new GrpcHost({ server, receiver: kernel.receiver, random });
}

function openAgentDoor(inside: Inside, host: GrpcHost): Promise<Door> {
  const path = inside.ground.config.socket;
  return Door.open({ ...doorDeps(inside), path, mode: AGENT_SOCKET_MODE, host });
}

function openAdminDoor(inside: Inside, host: GrpcHost): Promise<Door> {
  const path = inside.ground.config.adminSocket;
  return Door.open({ ...doorDeps(inside), path, mode: ADMIN_SOCKET_MODE, host, allow: ownOrRoot(inside) });
}

async function openLaunchDoor(inside: Inside, numbers: CallNumbers): Promise<Door> {
  const { ground, present, launching } = inside;
  const { config, kernel, random } = ground;
  const host = new LaunchHost({
    launching,
    desk: Desk.open({ ...deskRooms(inside), peerOf: () => undefined }, 'launch', numbers),
    receiver: new MessageReceiver(kernel.libc, LAUNCH_DESCRIPTORS),
    budget: present.processes.budget,
    closeDescriptor: (descriptor) => kernel.sockets.close(descriptor),
    random,
  });
  // In user mode what is launched runs as the daemon's own user: nobody else has any business there.
  const allow = config.mode === 'user' ? ownOrRoot(inside) : () => true;
  const path = config.launchSocket;
  return await Door.open({ ...doorDeps(inside), path, mode: LAUNCH_SOCKET_MODE, host, allow });
}

function ownOrRoot({ ground: { uid } }: Inside): NonNullable<DoorDeps['allow']> {
  return (credentials) => credentials.uid === uid || credentials.uid === 0;
}

function doorDeps({ ground, present }: Inside): Omit<DoorDeps, 'path' | 'mode' | 'host'> {
  const { kernel, clock, log, metrics } = ground;
  return { kernel, processes: present.processes, limits: DEFAULT_DOOR_LIMITS, clock, log, metrics };
}

function deskRooms({ ground, kept, present }: Inside): Omit<DeskRooms, 'peerOf'> {
  const { clock, log, metrics, signal, config } = ground;
  return {
    instanceOf: ({ process }) => present.instances.of(process),
    attest: (instance, call, signal) => present.attestors.attest(instance, call, signal),
    refusals: kept.refusals,
    clock,
    log,
    metrics,
    limits: deskLimits(config),
    stopping: signal,
  };
}

function deskLimits({ limits }: Config): DeskRooms['limits'] {
  return {
    callsPerSecondPerUid: limits.calls_per_second_per_uid,
    callsPerSecondPerProcess: limits.calls_per_second_per_process,
    streamsPerConnection: limits.streams_per_connection,
  };
}

function agentRooms({ ground: { config }, present, health }: Inside): Omit<Rooms, keyof DeskRooms> {
  return {
    views: present.views,
    trustDomain: config.trustDomain,
    profiles: { wit: config.wit },
    foreignJwtClaims: config.jwt_claims_of_foreign_trust_domains,
    serving: health.ready,
  };
}

function explainRooms({ ground, kept, present }: Inside): ExplainRooms {
  const { processes, attestors, instances, launched } = present;
  return {
    explain: { processes, attestors },
    entries: kept.entries.entries,
    instances,
    launchOf: (pid, startTicks) => launched.factsAt({ pid, startTicks }),
    clock: ground.clock,
  };
}

type OperatorRooms = Omit<
  AdminRooms,
  keyof DeskRooms | keyof ExplainRooms | 'numbers' | 'agentDesk' | 'door'
>;

function operatorRooms({ ground, kept, present, health }: Inside): OperatorRooms {
  const { config, version, clock } = ground;
  const { mode, socket, adminSocket, state, packages, trustDomain } = config;
  return {
    about: {
      ...{ version, mode, startedAt: clock.now(), agentSocket: socket, adminSocket },
      stateFolder: state,
      packagesFolder: packages,
    },
    trustDomain,
    views: present.views,
    catalog: kept.entries,
    definitions: kept.definitions,
    authorities: kept.authorities,
    bundles: kept.bundles,
    who: (needle) => RecordFile.find(kept.recordPath, needle),
    health: () => health.examine().checks,
  };
}
