import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Children } from '../../src/kernel/children.js';
import { Libc } from '../../src/kernel/libc.js';

// A process that adopts: it starts a shell that leaves a grandchild behind, and says what becomes of that.

const children = new Children(new Libc());
children.adopt();
const shell = spawn('/bin/sh', ['-c', 'sleep 0.3 & echo $!']);
const [line] = (await once(shell.stdout, 'data')) as [Buffer];
await once(shell, 'exit');
const orphan = Number(line.toString());
const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${orphan}/status`, 'utf8'))?.[1]);
for (let tries = 0; tries < 200 && existsSync(`/proc/${orphan}`); tries++) {
  const ended = children.peekEnded();
  if (ended !== undefined) children.reap(ended);
  await sleep(10);
}
process.stdout.write(JSON.stringify({ orphan, parent, gone: !existsSync(`/proc/${orphan}`) }));
