// The Workload API with real authorities, views and record, to which every stream is another process. Rotates when told.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerCredentials } from '@grpc/grpc-js';
import { CallNumbers, Desk } from '../../dist/api/desk.js';
import type { Rooms } from '../../dist/api/rooms.js';
import { buildAgentServer } from '../../dist/api/server.js';
import { Authorities } from '../../dist/authority/authorities.js';
import { DEFAULT_LIFETIMES } from '../../dist/authority/settings.js';
import { NO_LOG } from '../../dist/core/log.js';
import { MACHINE_CLOCK as clock } from '../../dist/core/machine-clock.js';
import { NO_METRICS } from '../../dist/core/metrics.js';
import { SnapshotCell } from '../../dist/core/snapshot.js';
import { EntrySet } from '../../dist/entries/entry-set.js';
import { InstanceRegistry } from '../../dist/instances/instance-registry.js';
import { Views } from '../../dist/issuance/workload-view.js';
import { RecordFile } from '../../dist/ledger/record-file.js';
import type { MeasuredProcess } from '../../dist/measurement/process.js';
import { Bundle, BundleSet } from '../../dist/spiffe/bundle.js';
import { TrustDomain } from '../../dist/spiffe/trust-domain.js';

const [folder = ''] = process.argv.slice(2);
const trustDomain = TrustDomain.parse('bench.test');
const selectors = ['unix:gid:1000', 'unix:path:/usr/bin/node', 'unix:uid:1000'];
const recorder = await RecordFile.open(join(folder, 'wave.jsonl'), { clock });
const shared = { clock, recorder, log: NO_LOG, metrics: NO_METRICS };
const authorities = await Authorities.open({
  ...shared,
  trustDomain,
  state: { file: (name) => join(folder, name) },
  settings: { lifetimes: DEFAULT_LIFETIMES, jwt: { algorithm: 'ES256' } },
  random: randomBytes,
});
const entry = {
  id: 'wave',
  spiffeId: 'spiffe://bench.test/wave',
  selectors,
  dnsNames: [],
  hint: '',
  federatesWith: [],
  createdAt: new Date(0),
  source: { kind: 'store' },
} as const;
const entries = new SnapshotCell(EntrySet.of([entry], trustDomain));
const views = new Views({
  ...shared,
  entries,
  authorities: authorities.set,
  foreign: new SnapshotCell({ bundles: BundleSet.of([]), own: Bundle.of(trustDomain) }),
  random: Math.random,
  lifetimes: DEFAULT_LIFETIMES,
});
const instances = new InstanceRegistry({ random: randomBytes });

let processes = 0;
function newProcess(): MeasuredProcess {
  const pid = ++processes;
  const identity = { pid, uid: 1000, gid: 1000, startTicks: pid, folder: `/proc/${pid}` };
  return { ...identity, foreignUserNamespace: false, standing: () => 'same' };
}

const rooms: Rooms = {
  ...shared,
  peerOf: () => ({ connection: 1, process: newProcess(), acceptedMs: 0 }),
  instanceOf: ({ process }) => instances.of(process),
  attest: (instance) => {
    const attestation = { selectors, outcomes: [], path: '/usr/bin/node', at: clock.now() };
    if (instance.attestation.current.value === undefined) instance.attestation.set(attestation);
    return attestation;
  },
  refusals: { refused: () => {} },
  limits: { callsPerSecondPerUid: 1e6, callsPerSecondPerProcess: 1e6, streamsPerConnection: 100 },
  stopping: new AbortController().signal,
  views,
  trustDomain,
  profiles: { wit: true },
  foreignJwtClaims: [],
  serving: new SnapshotCell(true),
};
const explain = {
  explain: { processes: { acquirePid: newProcess, release: () => {} }, attestors: null as never },
  entries,
  instances,
  clock,
};
/** Nobody asks for launches here. */
const launching = null as never;
const server = buildAgentServer(rooms, Desk.open(rooms, 'agent', new CallNumbers()), explain, launching);
const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
createServer((socket) => injector.injectConnection(socket)).listen(join(folder, 'wave.sock'));
void views.run(rooms.stopping);
process.stdout.write('"listening"\n');

await once(process.stdin, 'data');
const signer = authorities.set.current.value.x509.id;
void authorities.rotate('x509');
while (authorities.set.current.value.x509.id === signer) await sleep(0);
const [start, cpu] = [Date.now(), process.threadCpuUsage()];
let [worst, last] = [0, performance.now()];
for (const end = last + 3_000; last < end;) {
  await new Promise(setImmediate);
  worst = Math.max(worst, performance.now() - last);
  last = performance.now();
}
const { user, system } = process.threadCpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ start, worst, cpuMs: (user + system) / 1_000 })}\n`);
