// What the door adds to a connection: from connect to the first answer, and in memory while somebody is silent.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { print, quantile } from './figures.ts';
import { load, residentKb, Script, startFloor } from './processes.ts';

const CONNECTIONS = 500;
const ROUNDS = 4;
const SILENT = 3_000;
const REST_MS = 2_000;

const folder = mkdtempSync(join(tmpdir(), 'spoor-bench-'));
const socket = join(folder, 'door.sock');
{
  await using door = new Script('door-server.ts', socket);
  await door.line();
  const floor = await startFloor(folder);
  await using _ = floor.script;
  await firstAnswers(socket, floor.socket);
  await silence(door.child.pid ?? 0);
}
rmSync(folder, { recursive: true });

/** Taken in turns, so that both see the same machine. */
async function firstAnswers(through: string, bare: string): Promise<void> {
  const [ours, floors]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const { times } = await load<{ times: number[] }>('first', through, CONNECTIONS);
    const beside = await load<{ times: number[] }>('first', bare, CONNECTIONS);
    // The first round warms both up.
    if (round === 0) continue;
    ours.push(...times);
    floors.push(...beside.times);
  }
  for (const [name, share] of [
    ['median', 0.5],
    ['p99', 0.99],
  ] as const) {
    print({
      name: `connect to first answer through the door, ${name}`,
      value: quantile(ours, share),
      unit: 'ms',
      floor: quantile(floors, share),
    });
  }
}

async function silence(pid: number): Promise<void> {
  const before = residentKb(pid);
  const sockets: Socket[] = [];
  for (let count = 0; count < SILENT; count++) sockets.push(connect(socket).on('error', () => {}));
  await sleep(REST_MS);
  print({ name: 'memory of a silent connection', value: (residentKb(pid) - before) / SILENT, unit: 'KB' });
  const start = cpuMs(pid);
  await sleep(REST_MS);
  print({
    name: `processor time a second while ${SILENT} are silent`,
    value: (cpuMs(pid) - start) / (REST_MS / 1_000),
    unit: 'ms',
  });
  for (const silent of sockets) silent.destroy();
}

/** utime and stime, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
