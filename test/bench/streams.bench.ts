// What streams cost: memory of 10,000 idle ones at 50 a connection, an entry's way to them, and what five floods leave behind.
import { setTimeout as sleep } from 'node:timers/promises';
import { print, quantile } from './figures.ts';
import { BenchDaemon, load, residentKb, Script, startFloor } from './processes.ts';

const CONNECTIONS = 200;
const STREAMS = 50;
/** Long enough for the daemon to give memory back after what went before. */
const SETTLE_MS = 8_000;
const CHANGES = 9;
const FLOODS = 5;
const RECOVERY_MS = 30_000;

await using daemon = new BenchDaemon();
await daemon.start();
await load('x509', daemon.socket, 1_000);
await sleep(SETTLE_MS);
const before = daemon.residentKb();
const usual = quantile((await load<{ times: number[] }>('first', daemon.socket, 50)).times, 0.5);

{
  const bare = await startFloor(daemon.folder);
  await using _ = bare.script;
  const bareBefore = residentKb(bare.script.child.pid ?? 0);
  await using bareHolder = new Script('load-client.ts', 'hold', bare.socket, CONNECTIONS, STREAMS);
  await bareHolder.next();
  await sleep(SETTLE_MS);
  const bareKb = (residentKb(bare.script.child.pid ?? 0) - bareBefore) / (CONNECTIONS * STREAMS);

  await using holder = new Script('load-client.ts', 'hold', daemon.socket, CONNECTIONS, STREAMS);
  await holder.next();
  await sleep(SETTLE_MS);
  const value = (daemon.residentKb() - before) / (CONNECTIONS * STREAMS);
  print({ name: 'memory of an idle stream, 10,000 held', value, unit: 'KB', floor: bareKb, atMost: 20 });
}

{
  await using holder = new Script('load-client.ts', 'hold', daemon.socket, 1, 1);
  await holder.next();
  const times: number[] = [];
  for (let n = 0; n < CHANGES; n++) {
    const start = Date.now();
    daemon.writeEntry(`changed-${n}`);
    times.push((await holder.next<{ at: number }>()).at - start);
  }
  print({ name: 'entry change to open stream', value: quantile(times, 0.5), unit: 'ms', atMost: 100 });
}

for (let n = 0; n < FLOODS; n++) {
  await using holder = new Script('load-client.ts', 'hold', daemon.socket, CONNECTIONS, STREAMS);
  await holder.next();
}
const first = quantile((await load<{ times: number[] }>('first', daemon.socket, 50)).times, 0.5);
print({ name: 'first SVID after five floods', value: first, unit: 'ms', floor: usual, atMost: usual * 2 });
await sleep(RECOVERY_MS);
const grown = (daemon.residentKb() / before - 1) * 100;
print({ name: 'resident memory 30 s later, more than before', value: grown, unit: '%', atMost: 20 });
