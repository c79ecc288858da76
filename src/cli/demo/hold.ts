import { once } from 'node:events';

// Runs before a script, by `node --import hold.mjs SCRIPT`, and waits for a line: it holds open the moment in which the
// script has been measured and not been read yet.

process.stdout.write(`${JSON.stringify({ event: 'held' })}\n`);
await once(process.stdin, 'data');
