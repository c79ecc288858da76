// From the start of the process to its first answer, with existing state; and its memory at rest.
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { print, quantile } from './figures.ts';
import { BenchDaemon, Script } from './processes.ts';

const STARTS = 7;
const REST_MS = 3_000;

await using daemon = new BenchDaemon('', ['node', 'perl']);
await daemon.start();

const times: number[] = [];
const floors: number[] = [];
for (let n = 0; n < STARTS; n++) {
  await daemon.stop();
  // Waits for the socket, and ends with the first answer.
  const newcomer = spawn('perl', [`${import.meta.dirname}/newcomers.pl`, daemon.socket, '1']);
  await once(newcomer, 'spawn');
  const start = Date.now();
  daemon.spawn();
  await once(newcomer, 'exit');
  times.push(Date.now() - start);
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
