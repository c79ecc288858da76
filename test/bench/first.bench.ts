// The daemon's part of a first X509-SVID on a new connection, from accept to answer, as it measures that itself.
import { execFileSync } from 'node:child_process';
import { print } from './figures.ts';
import { BenchDaemon, load, startFloor } from './processes.ts';

const KNOWN = 500;
const NEW = 500;
const METRICS = '127.0.0.1:19477';

await using daemon = new BenchDaemon('', ['node', 'perl']);
await daemon.start('--http', METRICS);
const floor = await startFloor(daemon.folder);
await using _ = floor.script;

interface Times {
  readonly times: readonly number[];
}

// Once, so that the daemon's code is warm and the digest known.
await load<Times>('first', daemon.socket, KNOWN);
newcomers(NEW);
const warm = await histogram();
await load<Times>('first', daemon.socket, KNOWN);
newcomers(NEW);
const seen = await histogram();
const { times } = await load<Times>('first', floor.socket, KNOWN);
const bare = times.toSorted((a, b) => a - b)[KNOWN / 2] ?? Number.NaN;

for (const [process, atMost] of [
  ['known', 0.6],
  ['new', 0.8],
] as const) {
  const name = `first X509-SVID, process ${process === 'new' ? 'not seen before' : 'seen before'}`;
  print({ name: `${name}, median`, value: quantileOf(process, 0.5), unit: 'ms', floor: bare, atMost });
  print({ name: `${name}, p99`, value: quantileOf(process, 0.99), unit: 'ms', atMost: 10 });
}

/** Cumulative counts by upper bound in seconds, of each kind of process. */
async function histogram(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://${METRICS}/metrics`, { headers: { connection: 'close' } })).text();
  const rows = text.matchAll(/^spoor_first_answer_seconds_bucket\{le="([^"]+)",process="(\w+)"\} (\d+)$/gm);
  return new Map([...rows].map(([, bound, process, count]) => [`${process} ${bound}`, Number(count)]));
}

/** The bound, in ms, below which this share of the answers came since the warming up. */
function quantileOf(process: string, share: number): number {
  const counts = [...seen].filter(([key]) => key.startsWith(`${process} `));
  const since = counts.map(
    ([key, count]) => [key.split(' ')[1] ?? '', count - (warm.get(key) ?? 0)] as const,
  );
  const all = since.at(-1)?.[1] ?? 0;
  const bound = since.find(([, count]) => count >= all * share)?.[0];
  return Number(bound) * 1_000;
}

/** Processes that the daemon has not seen before, one after the other. */
function newcomers(count: number): void {
  execFileSync('perl', [`${import.meta.dirname}/newcomers.pl`, daemon.socket, String(count)]);
}
