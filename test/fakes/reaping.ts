import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Children } from '../../src/kernel/children.js';
import { Libc } from '../../src/kernel/libc.js';
import { Reaper } from '../../src/launch/running/reaper.js';

// A process that reaps: children of its own that end at the same time as orphans that they leave behind.

const own = new Set<number>();
const reaper = new Reaper(new Children(new Libc()), own);
const codes: unknown[] = [];
const orphans: number[] = [];
{
  using _ = reaper.watch();
  for (let round = 0; round < 5; round++) {
    const child = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; read line; exit 7']);
    own.add(child.pid ?? 0);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    orphans.push(Number(line.toString()));
    const exited = once(child, 'exit');
    child.stdin.end('\n');
    await sleep(0);
    // Both end before the event loop hears of either.
    for (const end = performance.now() + 200; performance.now() < end;) reaper.reap();
    const [code] = (await exited) as [number | null];
    own.delete(child.pid ?? 0);
    codes.push(code);
  }
  for (let tries = 0; tries < 200 && left().length > 0; tries++) await sleep(10);
}
process.stdout.write(JSON.stringify({ codes, left: left(), listeners: process.listenerCount('SIGCHLD') }));

function left(): readonly number[] {
  return orphans.filter((pid) => existsSync(`/proc/${pid}`));
}
