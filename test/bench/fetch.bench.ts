// Calls a second over 8 connections with 4 calls each, client included, path and digest selectors in force.
import { print } from './figures.ts';
import { BenchDaemon, load, startFloor } from './processes.ts';

const MS = 3_000;
const WARM_MS = 1_000;

interface Rate {
  readonly perSecond: number;
  readonly failures: number;
}

await using daemon = new BenchDaemon(
  'limits: {calls_per_second_per_uid: 1000000, calls_per_second_per_process: 1000000}\n',
);
await daemon.start();
const floor = await startFloor(daemon.folder);
await using _ = floor.script;

for (const [task, name, atLeast] of [
  ['x509', 'FetchX509SVID', 13_000],
  ['jwt', 'FetchJWTSVID, one audience', 13_000],
  ['jwt-new', 'FetchJWTSVID, a new audience each time', 8_000],
] as const) {
  await load(task, daemon.socket, WARM_MS);
  await load(task, floor.socket, WARM_MS);
  const bare = await load<Rate>(task, floor.socket, MS);
  const { perSecond, failures } = await load<Rate>(task, daemon.socket, MS);
  print({ name, value: perSecond, unit: '/s', floor: bare.perSecond, atLeast });
  if (failures > 0) print({ name: `${name}: failures`, value: failures, unit: '', atMost: 0 });
}
