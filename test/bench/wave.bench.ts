// 5,000 held views whose documents are all replaced at once: how long, and how long anybody else waits meanwhile.
import { createECDH, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authorities } from '../../dist/authority/authorities.js';
import { DEFAULT_LIFETIMES } from '../../dist/authority/settings.js';
import { NO_METRICS } from '../../dist/core/metrics.js';
import { SnapshotCell } from '../../dist/core/snapshot.js';
import { EntrySet } from '../../dist/entries/entry-set.js';
import type { Attestation, Instance } from '../../dist/instances/instance.js';
import { Views } from '../../dist/issuance/workload-view.js';
import { RecordFile } from '../../dist/ledger/record-file.js';
import { Bundle, BundleSet } from '../../dist/spiffe/bundle.js';
import { TrustDomain } from '../../dist/spiffe/trust-domain.js';
import { print } from './figures.ts';

const INSTANCES = 5_000;
const TURN = 'longest turn of the event loop meanwhile (floor: processor)';
const SELECTORS = ['unix:gid:1000', 'unix:path:/usr/bin/node', 'unix:uid:1000'];

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => {}),
};
const trustDomain = TrustDomain.parse('example.org');
const folder = await mkdtemp(join(tmpdir(), 'spoor-bench-'));
const recorder = await RecordFile.open(join(folder, 'record.jsonl'), { clock });
const authorities = await Authorities.open({
  state: { file: (name) => join(folder, name) },
  settings: { lifetimes: DEFAULT_LIFETIMES, jwt: { algorithm: 'ES256' } },
  random: randomBytes,
  metrics: NO_METRICS,
  log: silent,
  trustDomain,
  clock,
  recorder,
});
const entries = new SnapshotCell(EntrySet.of([entry('web', '')], trustDomain, clock.now()));
const foreign = new SnapshotCell({ bundles: BundleSet.of([]), own: Bundle.of(trustDomain) });
const views = new Views({
  authorities: authorities.set,
  lifetimes: DEFAULT_LIFETIMES,
  random: Math.random,
  metrics: NO_METRICS,
  log: silent,
  entries,
  foreign,
  recorder,
  clock,
});

function entry(id: string, hint: string) {
  const lists = { selectors: SELECTORS, dnsNames: [], federatesWith: [] };
  const source = { kind: 'store' } as const;
  return { id, spiffeId: `spiffe://example.org/${id}`, hint, createdAt: new Date(0), source, ...lists };
}

function instance(pid: number): Instance {
  const attestation: Attestation = {
    selectors: [...SELECTORS],
    outcomes: [],
    path: '/usr/bin/node',
    at: clock.now(),
  };
  const measured = {
    pid,
    uid: 1000,
    gid: 1000,
    startTicks: pid,
    foreignUserNamespace: false,
    folder: `/proc/${pid}`,
  };
  return {
    id: randomBytes(16).toString('hex'),
    process: { ...measured, standing: () => 'same' },
    level: 'connected',
    attestation: new SnapshotCell<Attestation | undefined>(attestation),
  };
}

let messages = 0;
let bytes = 0;
/** As a stream does: says the view, and again when it is replaced. */
function stream(of: Instance): void {
  const snapshot = views.x509(of, { call: 1 });
  if (snapshot instanceof Promise) throw new Error('the view is not there');
  messages += 1;
  for (const { chain, key } of snapshot.value.svids)
    bytes += Buffer.concat([chain, key, ...snapshot.value.bundle]).length;
  snapshot.onReplaced(() => stream(of));
}

/** Until `done`; finds the longest turn of the event loop meanwhile, by the wall and by the processor. */
async function watch(done: () => boolean): Promise<{ ms: number; worstMs: number; worstCpuMs: number }> {
  const start = performance.now();
  let [before, cpuBefore, worstMs, worstCpuMs] = [start, cpuMs(), 0, 0];
  while (!done()) {
    await new Promise(setImmediate);
    const [now, cpuNow] = [performance.now(), cpuMs()];
    worstMs = Math.max(worstMs, now - before);
    worstCpuMs = Math.max(worstCpuMs, cpuNow - cpuBefore);
    [before, cpuBefore] = [now, cpuNow];
  }
  return { ms: performance.now() - start, worstMs, worstCpuMs };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const stop = new AbortController();
const running = views.run(stop.signal);
const instances = Array.from({ length: INSTANCES }, (_, index) => instance(index + 1));
for (const one of instances) {
  views.hold(one, 'x509');
  await views.x509(one, { call: 1 });
  stream(one);
}

const rotating = authorities.rotate('x509');
// First the new root is published, then everything that the old one signed is replaced.
const published = await watch(() => messages >= 2 * INSTANCES);
const signer = authorities.set.current.value.x509.id;
while (authorities.set.current.value.x509.id === signer) await new Promise(setImmediate);
const rotated = await watch(() => messages >= 3 * INSTANCES);
await rotating;

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ecdh = createECDH('prime256v1');
const tbs = randomBytes(500);
const floorStart = performance.now();
for (let round = 0; round < INSTANCES; round += 1) {
  ecdh.generateKeys();
  sign('sha256', tbs, privateKey);
}
const floor = performance.now() - floorStart;

entries.set(EntrySet.of([entry('web', 'new')], trustDomain, clock.now()));
const changed = await watch(() => messages >= 4 * INSTANCES);

print({
  name: '5,000 held views, a new key and certificate each',
  value: rotated.ms,
  unit: 'ms',
  floor,
  atMost: 700,
});
print({ name: TURN, value: rotated.worstMs, floor: rotated.worstCpuMs, unit: 'ms', atMost: 25 });
print({ name: 'a new root in 5,000 held views', value: published.ms, unit: 'ms' });
print({ name: TURN, value: published.worstMs, floor: published.worstCpuMs, unit: 'ms', atMost: 25 });
print({
  name: 'a changed entry in the last of 5,000 held views',
  value: changed.ms,
  unit: 'ms',
  atMost: 100,
});
print({ name: TURN, value: changed.worstMs, floor: changed.worstCpuMs, unit: 'ms', atMost: 25 });
if (bytes === 0) process.exitCode = 1;

stop.abort();
await running;
await recorder[Symbol.asyncDispose]();
await rm(folder, { recursive: true });
