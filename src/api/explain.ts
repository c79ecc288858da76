import type { Server } from '@grpc/grpc-js';
import { explainProcess, type ExplainDeps } from '../attestation/explain.js';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Snapshot } from '../core/snapshot.js';
import type { EntrySet } from '../entries/entry-set.js';
import type { MatchResult } from '../entries/entry.js';
import { entitlementOf } from '../instances/entitlement.js';
import type { Instance } from '../instances/instance.js';
import type { LaunchFacts } from '../instances/launched.js';
import { explainMethods, type Explanation } from '../wire/explain.js';
import type { CallContext } from './call-context.js';
import type { Desk, Surface } from './desk.js';
import { nearestTo } from './explain-nearest.js';
import { hasFailed, stepsOf, verdictOf } from './explain-steps.js';
import { isPresented } from './presented.js';
import { addUnaryService } from './service.js';
import { toWireDescent, toWireLaunch } from './wire-launch.js';

const NOTHING: MatchResult = { matches: [], refused: [] };

/** What explaining needs of the daemon. */
export interface ExplainRooms {
  readonly explain: ExplainDeps;
  readonly entries: { readonly current: Snapshot<EntrySet> };
  readonly instances: Iterable<Instance>;
  /** What is known of a process that the daemon launched; undefined for any other. */
  readonly launchOf?: (pid: number, startTicks: number) => LaunchFacts | undefined;
  readonly clock: Clock;
}

/**
 * Registers spoor.v1.Explain: why a process gets what it gets. Over the agent socket a caller learns that of itself and
 * of processes of its own uid, over the admin socket of all.
 */
export function addExplain(server: Server, rooms: ExplainRooms, desk: Desk, surface: Surface): void {
  addUnaryService(server, desk, 'spoor.v1.Explain', explainMethods, {
    Explain: ({ pid }, context) => {
      const own = context.peer.process.pid;
      const asked = pid === 0 ? own : pid;
      if (surface === 'admin') return explain(asked, rooms);
      checkOwner(asked, rooms, context);
      // Whoever asks has connected, even if it has asked for nothing else yet.
      return explain(asked, rooms, asked === own ? context.instance : undefined);
    },
  });
}

/** Errors: PROCESS_NOT_FOUND; ADMIN_DENIED for a process of another uid. */
function checkOwner(pid: number, { explain: { processes } }: ExplainRooms, { peer }: CallContext): void {
  const process = processes.acquirePid(pid);
  try {
    if (process.uid === peer.process.uid) return;
    throw new SpoorError(
      'ADMIN_DENIED',
      `process ${pid} is not of uid ${peer.process.uid}: only the admin socket explains it`,
    );
  } finally {
    processes.release(process);
  }
}

async function explain(pid: number, rooms: ExplainRooms, caller?: Instance): Promise<Explanation> {
  const { process, attestation } = await explainProcess(pid, rooms.explain);
  const { selectors, outcomes, path = '', descent } = attestation;
  const entries = rooms.entries.current.value;
  const now = rooms.clock.now();
  const failed = hasFailed(outcomes);
  const { matches, refused } = failed ? NOTHING : entitlementOf(attestation, entries, now);
  const instance = caller ?? instanceOf(pid, process.startTicks, rooms.instances);
  const launch = rooms.launchOf?.(pid, process.startTicks);
  const found = { instance, outcomes, descent, matches, refused, entries: entries.size };
  return {
    process: {
      pid,
      uid: process.uid,
      gid: process.gid,
      path,
      level: launch === undefined ? (instance?.level ?? 'connected') : 'launched',
      instance: instance?.id ?? launch?.instance ?? '',
      foreign_user_namespace: process.foreignUserNamespace,
    },
    steps: stepsOf(found),
    outcomes: outcomes.map(({ attestor, selectors, failure = '' }) => ({ attestor, selectors, failure })),
    selectors,
    presented: selectors.filter((selector) => isPresented(selector, selectors)),
    matches: matches.map(({ entry, spiffeId }) => ({
      id: entry.id,
      spiffe_id: spiffeId.toString(),
      hint: entry.hint,
    })),
    refused: refused.map(({ entry, reason }) => ({ id: entry.id, reason })),
    nearest: failed || matches.length > 0 ? [] : nearestTo(attestation, entries, now),
    verdict: verdictOf(found),
    launch: launch === undefined ? null : toWireLaunch(launch),
    descent: descent === undefined ? null : toWireDescent(descent),
  };
}

function instanceOf(pid: number, startTicks: number, instances: Iterable<Instance>): Instance | undefined {
  for (const instance of instances) {
    if (instance.process.pid === pid && instance.process.startTicks === startTicks) return instance;
  }
  return undefined;
}
