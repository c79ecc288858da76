import { SpoorError } from '../core/errors.js';
import { entitlementOf } from '../instances/entitlement.js';
import type { Instance } from '../instances/instance.js';
import type { AdminService, InstanceStatus, Status, WhoResponse } from '../wire/admin.js';
import { authorityStates } from './admin-authorities.js';
import type { AdminRooms } from './admin-rooms.js';
import { writeInstant } from './instant.js';
import { problemsOf } from './problems.js';
import type { Answers } from './service.js';

const MAX_INSTANCES = 1_000;
const MAX_LINES = 1_000;
/** A jti is 36 characters, a fingerprint with colons 95. */
const MAX_NEEDLE = 200;

/** What each mode is worth. Source: decision 13. */
const MODE_NOTES = {
  root: 'defends each process against all that do not run as root',
  user: 'user mode: same-uid processes are not kept apart; programs are separated against mistakes, not against attackers',
} as const;

type StatusRpcs = Pick<AdminService, 'GetStatus' | 'CheckDaemon' | 'Who'>;

/** The part of spoor.v1.Admin about the daemon itself, and its record. */
export function statusAnswers(rooms: AdminRooms): Answers<StatusRpcs> {
  return {
    GetStatus: () => statusOf(rooms),
    CheckDaemon: () => ({ problems: problemsOf(rooms) }),
    Who: ({ needle }) => who(needle, rooms),
  };
}

function statusOf(rooms: AdminRooms): Status {
  const { about, agentDesk, door, views, catalog, bundles } = rooms;
  const instances = [...rooms.instances];
  return {
    version: about.version,
    trust_domain: rooms.trustDomain.name,
    mode: about.mode,
    mode_note: MODE_NOTES[about.mode],
    pid: process.pid,
    started_at: writeInstant(about.startedAt),
    agent_socket: about.agentSocket,
    admin_socket: about.adminSocket,
    state_folder: about.stateFolder,
    packages_folder: about.packagesFolder,
    calls: rooms.numbers.latest,
    connections: door.statistics.connections,
    pending_connections: door.statistics.pending,
    streams: agentDesk.openCalls,
    entries: catalog.entries.current.value.size,
    federated_bundles: bundles.list().length,
    next_rotation: writeInstant(views.statistics().nextRotation),
    instances: instanceStatuses(instances.slice(0, MAX_INSTANCES), rooms),
    instance_count: instances.length,
    authorities: authorityStates(rooms),
    problems: problemsOf(rooms),
  };
}

function instanceStatuses(instances: readonly Instance[], rooms: AdminRooms): InstanceStatus[] {
  const streams = rooms.agentDesk.openByInstance();
  const entries = rooms.entries.current.value;
  const now = rooms.clock.now();
  return instances.map((instance) => {
    const { id, process, level } = instance;
    const attestation = instance.attestation.current.value;
    const matches = attestation === undefined ? [] : entitlementOf(attestation, entries, now).matches;
    return {
      id,
      pid: process.pid,
      uid: process.uid,
      gid: process.gid,
      path: attestation?.path ?? '',
      level,
      streams: streams.get(instance) ?? 0,
      attested_at: writeInstant(attestation?.at),
      attested: attestation !== undefined,
      spiffe_ids: matches.map(({ spiffeId }) => spiffeId.toString()),
    };
  });
}

/** Errors: ARGUMENT_INVALID; RECORD_UNWRITABLE when the record cannot be read. */
async function who(needle: string, rooms: AdminRooms): Promise<WhoResponse> {
  if (needle === '' || needle.length > MAX_NEEDLE) {
    throw new SpoorError(
      'ARGUMENT_INVALID',
      `a serial, fingerprint or jti of at most ${MAX_NEEDLE} characters is needed`,
    );
  }
  const lines: string[] = [];
  for await (const line of rooms.who(needle)) {
    if (lines.length === MAX_LINES) return { lines, cut: true };
    lines.push(JSON.stringify(line));
  }
  return { lines, cut: false };
}
