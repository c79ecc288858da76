// The server of floor-server.ts behind the door instead of bindAsync: what lies between the two is the door.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '@grpc/grpc-js';
import { NO_METRICS } from '../../dist/core/metrics.js';
import { DEFAULT_DOOR_LIMITS } from '../../dist/door/door-limits.js';
import { GrpcHost } from '../../dist/door/grpc-host.js';
import { Door } from '../../dist/door/listener.js';
import { openKernel } from '../../dist/kernel/kernel.js';
import { descriptorLimit } from '../../dist/kernel/process-control.js';
import { budgetLimits, DescriptorBudget } from '../../dist/measurement/descriptor-budget.js';
import { ProcessTable } from '../../dist/measurement/process-table.js';

const X509_BYTES = 1_250;
const raw = (bytes: Buffer): Buffer => bytes;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };

const server = new Server({ 'grpc.enable_channelz': 0, 'grpc.max_concurrent_streams': 100 });
server.addService(
  {
    FetchX509SVID: {
      path: '/SpiffeWorkloadAPI/FetchX509SVID',
      requestStream: false,
      responseStream: true,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    },
  },
  {
    FetchX509SVID: (call: Parameters<GrpcHost['peerOf']>[0] & { write: (bytes: Buffer) => void }) => {
      if (host.peerOf(call)?.process.standing() === 'same') call.write(Buffer.alloc(X509_BYTES, 1));
    },
  },
);
const kernel = openKernel();
const budget = new DescriptorBudget(budgetLimits(descriptorLimit(kernel.libc)));
const host = new GrpcHost({ server, receiver: kernel.receiver, random: randomBytes });
const door = await Door.open({
  path: process.argv[2] ?? '',
  mode: 0o600,
  host,
  kernel,
  processes: new ProcessTable({ kernel, budget }),
  limits: {
    ...DEFAULT_DOOR_LIMITS,
    handshakeMs: 60_000,
    pendingPerUid: 100_000,
    connectionBurstPerUid: 100_000,
  },
  clock: {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  },
  log: silent,
  metrics: NO_METRICS,
});
process.stdout.write('listening\n');
await door.run(new AbortController().signal);
