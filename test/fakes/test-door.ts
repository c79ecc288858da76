import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Server, type ServiceDefinition } from '@grpc/grpc-js';
import type { Clock } from '../../src/core/clock.js';
import { NO_METRICS } from '../../src/core/metrics.js';
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from '../../src/door/door-limits.js';
import { GrpcHost } from '../../src/door/grpc-host.js';
import { Door } from '../../src/door/listener.js';
import type { Peer } from '../../src/door/peer.js';
import { openKernel } from '../../src/kernel/kernel.js';
import type { Credentials } from '../../src/kernel/peer-credentials.js';
import { budgetLimits, DescriptorBudget } from '../../src/measurement/descriptor-budget.js';
import { ProcessTable } from '../../src/measurement/process-table.js';
import type { Standing } from '../../src/measurement/process.js';
import { MemoryLog } from './memory-log.js';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import { temporaryFolder } from './temporary-folder.js';

export const WHO = '/spoor.test.Door/Who';

const identity = (bytes: Buffer): Buffer => bytes;
const SERVICE = {
  Who: {
    path: WHO,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
} satisfies ServiceDefinition;

/** What the test service answers: whose call the door says it is. */
export interface Who {
  readonly pid: number;
  readonly uid: number;
  readonly connection: number;
  readonly standing: Standing;
  readonly executable: string;
  readonly host: string;
}

export interface TestDoorOptions {
  readonly folder?: string;
  readonly mode?: number;
  readonly clock?: Clock;
  readonly limits?: Partial<DoorLimits>;
  readonly descriptorLimit?: number;
  readonly allow?: (credentials: Credentials) => boolean;
}

/** A door with one service behind it, in a fresh folder, open until the end of the test. */
export async function openTestDoor(options: TestDoorOptions = {}) {
  const cleanup = new AsyncDisposableStack();
  const path = join(options.folder ?? cleanup.use(await temporaryFolder()).path, 'door.sock');
  const log = new MemoryLog();
  const kernel = openKernel();
  const budget = new DescriptorBudget(budgetLimits(options.descriptorLimit ?? 4096));
  const gone: number[] = [];
  const processes = cleanup.use(new ProcessTable({ kernel, budget, gone: ({ pid }) => gone.push(pid) }));
  const server = new Server({ 'grpc.enable_channelz': 0, 'grpc.max_concurrent_streams': 100 });
  const peers: Peer[] = [];
  const host = new GrpcHost({ server, receiver: kernel.receiver, random: randomBytes });
  const door = await Door.open({
    path,
    mode: options.mode ?? 0o666,
    host,
    kernel,
    processes,
    log,
    limits: { ...DEFAULT_DOOR_LIMITS, ...options.limits },
    clock: options.clock ?? MACHINE_CLOCK,
    metrics: NO_METRICS,
    opened: (peer) => peers.push(peer),
    ...(options.allow === undefined ? {} : { allow: options.allow }),
  });
  server.addService(SERVICE, {
    Who: (call: WhoCall, reply: (error: null, value: Buffer) => void) => {
      reply(null, Buffer.from(JSON.stringify(describe(host.peerOf(call), call.getHost()))));
    },
  });
  const stop = new AbortController();
  const running = door.run(stop.signal);
  cleanup.use(door);
  cleanup.defer(async () => {
    stop.abort();
    await running;
  });
  return {
    path,
    door,
    server,
    log,
    budget,
    processes,
    kernel,
    gone,
    peers,
    stop,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

type WhoCall = Parameters<GrpcHost['peerOf']>[0] & { getHost(): string };

function describe(peer: Peer | undefined, host: string): Who | null {
  if (peer === undefined) return null;
  const { pid, uid } = peer.process;
  // As attestation does: what was read counts only if the process is still what it was when all has been read.
  const executable = executableOf(peer);
  const standing = peer.process.standing();
  return { pid, uid, connection: peer.connection, standing, executable, host };
}

/** Empty when it may not be seen. */
function executableOf({ process }: Peer): string {
  try {
    return readlinkSync(`${process.folder}/exe`);
  } catch {
    // The process lets nobody look into it.
    return '';
  }
}

/** A grpc-js client of its own connection; `who()` asks once. */
export function whoClient(path: string): { who(): Promise<Who | null> } & Disposable {
  const client = new Client(`unix://${path}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  return {
    who: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          WHO,
          identity,
          identity,
          Buffer.alloc(0),
          { deadline: Date.now() + 10_000 },
          (error, value) => {
            if (error !== null) reject(error);
            else resolve(JSON.parse(String(value)) as Who | null);
          },
        );
      }),
    [Symbol.dispose]: () => {
      client.close();
    },
  };
}
