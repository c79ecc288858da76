// From the start of the process to its first answer, with existing state; and its memory at rest.
import { setTimeout as sleep } from 'node:timers/promises';
import { print, quantile } from './figures.ts';
import { BenchDaemon, load, Script } from './processes.ts';

const STARTS = 7;
const REST_MS = 3_000;

await using daemon = new BenchDaemon();
await daemon.start();
await load('x509', daemon.socket, 200);

const times: number[] = [];
const floors: number[] = [];
for (let n = 0; n < STARTS; n++) {
  await daemon.stop();
  await using waiting = new Script('first-answer.ts', daemon.socket);
  await waiting.line();
  const start = Date.now();
  daemon.spawn();
  times.push((await waiting.next<{ at: number }>()).at - start);
  floors.push(await bareStart());
}
print({
  name: 'start to first answer, existing state',
  value: quantile(times, 0.5),
  unit: 'ms',
  floor: quantile(floors, 0.5),
  atMost: 300,
});

await sleep(REST_MS);
print({ name: 'resident memory at rest', value: daemon.residentKb() / 1_024, unit: 'MB', atMost: 120 });

/** grpc-js alone, from start to listening. */
async function bareStart(): Promise<number> {
  const start = Date.now();
  await using script = new Script('floor-server.ts', `${daemon.folder}/bare-${start}.sock`);
  await script.line();
  return Date.now() - start;
}
