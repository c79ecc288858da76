// A door in a process of its own: `node door-process.ts FOLDER`. Says `ready`, and on a line of input what it logged.
import { once } from 'node:events';
import { hideFromOthers } from '../../src/kernel/process-control.js';
import { openTestDoor } from './test-door.js';

const [folder = '', allowed] = process.argv.slice(2);
const own = process.geteuid?.() ?? 0;
await using open = await openTestDoor({
  folder,
  ...(allowed === 'own' ? { allow: ({ uid }) => uid === own } : {}),
});
hideFromOthers(open.kernel.libc);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const seen = open.peers.map(({ process }) => ({ pid: process.pid, foreign: process.foreignUserNamespace }));
process.stdout.write(`${JSON.stringify({ fields: open.log.fields, seen })}\n`);
