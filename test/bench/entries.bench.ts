// 100,000 entries: loaded from one file, from many files and from the store; matched; changed while others are served.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_LOG } from '../../dist/core/log.js';
import { untilReplaced } from '../../dist/core/snapshot.js';
import { MACHINE_CLOCK } from '../../dist/core/machine-clock.js';
import { EntryCatalog } from '../../dist/entries/entry-catalog.js';
import { EntryStore } from '../../dist/entries/entry-store.js';
import { TrustDomain } from '../../dist/spiffe/trust-domain.js';
import { Database } from '../../dist/state/database.js';
import { print, quantile } from './figures.ts';

const COUNT = 100_000;
const FILES = 100;
const ROUNDS = 5;
const MATCHES = 20_000;

const base = await mkdtemp(join(tmpdir(), 'spoor-bench-'));
const trustDomain = TrustDomain.parse('example.org');
const numbers = Array.from({ length: COUNT }, (_, number) => number);
// Three selectors of which each alone is common: the hardest for an index.
const selectorsOf = (n: number): string[] => [
  `unix:gid:${n % 47}`,
  `unix:uid:${n % 1_000}`,
  `unix:path:/opt/app-${n % 5_000}`,
];
const idOf = (n: number): string => `spiffe://example.org/team-${n % 90}/service-${n}`;

try {
  const oneLine = (n: number): string =>
    `  - id: entry-${n}\n    spiffe_id: ${idOf(n)}\n    selectors: [${selectorsOf(n).join(', ')}]\n    x509_svid_ttl: 15m\n`;
  const spread = (n: number): string =>
    `  # service ${n}\n  - id: "entry-${n}"\n    spiffe_id: ${idOf(n)}\n    selectors:\n${selectorsOf(n)
      .map((selector) => `      - ${selector}\n`)
      .join('')}\n`;
  const json = JSON.stringify(
    numbers.map((n) => ({ id: `entry-${n}`, spiffe_id: idOf(n), selectors: selectorsOf(n) })),
  );

  const one = await folderOf('one', [numbers.map(oneLine).join('')]);
  const many = await folderOf(
    'many',
    Array.from({ length: FILES }, (_, at) =>
      numbers
        .filter((n) => n % FILES === at)
        .map(spread)
        .join(''),
    ),
  );
  await loaded('100,000 entries loaded from one file', one, json);
  await loaded(`100,000 entries loaded from ${FILES} files`, many, json);

  const nothing = await folderOf('nothing', []);
  await using stored = await Database.open(join(base, 'stored.db'));
  await using scratch = await Database.open(join(base, 'scratch.db'));
  const fromFile = await open(one, scratch);
  new EntryStore(stored).put([...fromFile.entries.current.value]);
  await loaded('100,000 entries loaded from the store', nothing, json, stored);

  matched(fromFile);
  await changed(fromFile, one);
} finally {
  await rm(base, { recursive: true, force: true });
}

async function loaded(name: string, folder: string, json: string, kept?: Database): Promise<void> {
  const times: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const database = kept ?? (await Database.open(join(base, `${round}-${Date.now()}.db`)));
    const start = performance.now();
    const catalog = await open(folder, database);
    times.push((performance.now() - start) / 1_000);
    if (catalog.entries.current.value.size !== COUNT) throw new Error('not all entries are there');
    const floorStart = performance.now();
    JSON.parse(json);
    floors.push((performance.now() - floorStart) / 1_000);
    if (kept === undefined) await database[Symbol.asyncDispose]();
  }
  print({ name, value: quantile(times, 0.5), unit: 's', floor: quantile(floors, 0.5), atMost: 2 });
}

function matched(catalog: EntryCatalog): void {
  const set = catalog.entries.current.value;
  const now = new Date();
  const processes = Array.from({ length: 1_000 }, (_, at) => [
    ...selectorsOf(at * 97),
    'unix:user:web',
    'unix:group:web',
    ...Array.from({ length: 20 }, (_, group) => `unix:supplementary_gid:${group}`),
    'process:ancestor_path:/usr/lib/systemd/systemd',
    'process:cgroup:/system.slice/web.service',
  ]);
  const map = new Map(numbers.map((n) => [`unix:path:/opt/app-${n}`, n]));
  const micros = (work: (selectors: string[]) => unknown): number => {
    const start = performance.now();
    for (let n = 0; n < MATCHES; n++) work(processes[n % processes.length] ?? []);
    return ((performance.now() - start) * 1_000) / MATCHES;
  };
  const match = (selectors: string[]): unknown => set.match(selectors, now);
  const lookUp = (selectors: string[]): number => selectors.filter((selector) => map.has(selector)).length;
  micros(match);
  print({
    name: 'matched against 100,000 entries',
    value: micros(match),
    unit: 'µs',
    floor: micros(lookUp),
    atMost: 50,
  });
}

/** One more file beside the 100,000 entries, until the new set is there; and the whole of them written anew. */
async function changed(catalog: EntryCatalog, folder: string): Promise<void> {
  const stop = new AbortController();
  const running = catalog.run(stop.signal);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(
      await publishing(catalog, () =>
        writeFile(
          join(folder, 'more.yaml'),
          `entries:\n  - id: more-${round}\n    spiffe_id: ${idOf(1)}\n    selectors: [unix:uid:1]\n`,
        ),
      ),
    );
  }
  print({
    name: 'a file changed beside them: until it is in force',
    value: quantile(times, 0.5),
    unit: 'ms',
    atMost: 100,
  });

  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const all = numbers.map(
    (n) => `  - id: other-${n}\n    spiffe_id: ${idOf(n)}\n    selectors: [${selectorsOf(n).join(', ')}]\n`,
  );
  const took = await publishing(catalog, () =>
    writeFile(join(folder, '0.yaml'), `entries:\n${all.join('')}`),
  );
  // The pause is counted when it is over.
  await sleep(50);
  print({
    name: 'all of them written anew: until they are in force',
    value: took / 1_000,
    unit: 's',
    atMost: 2,
  });
  print({ name: 'longest pause of everybody else meanwhile', value: delay.max / 1e6, unit: 'ms' });
  stop.abort();
  await running;
}

async function publishing(catalog: EntryCatalog, change: () => Promise<void>): Promise<number> {
  const snapshot = catalog.entries.current;
  const start = performance.now();
  await change();
  await untilReplaced(snapshot, AbortSignal.timeout(60_000));
  return performance.now() - start;
}

async function folderOf(name: string, files: readonly string[]): Promise<string> {
  const folder = join(base, name);
  await mkdir(folder);
  for (const [at, text] of files.entries()) await writeFile(join(folder, `${at}.yaml`), `entries:\n${text}`);
  return folder;
}

function open(folder: string, database: Database): Promise<EntryCatalog> {
  return EntryCatalog.open({ folder, database, trustDomain, clock: MACHINE_CLOCK, log: NO_LOG });
}
