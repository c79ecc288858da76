// 5,000 streams, each of another process, whose keys and certificates are all replaced at once; client included.
import { createECDH, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { print } from './figures.ts';
import { Script } from './processes.ts';

const CONNECTIONS = 100;
const STREAMS = 50;

interface Round {
  readonly round: number;
  readonly at: number;
}

const folder = mkdtempSync(join(tmpdir(), 'spoor-bench-'));
{
  await using server = new Script('wave-server.ts', folder);
  await server.next();
  await using holder = new Script('load-client.ts', 'hold', join(folder, 'wave.sock'), CONNECTIONS, STREAMS);
  await holder.next<Round>();
  server.child.stdin?.write('rotate\n');
  // The new root is published first; then come the certificates that it signed.
  await holder.next<Round>();
  const { at } = await holder.next<Round>();
  const { start, worst } = await server.next<{ start: number; worst: number }>();
  holder.end();
  const { broken } = await holder.next<{ broken: number }>();
  const name = '5,000 streams rotated at once, a key each';
  print({ name, value: at - start, unit: 'ms', floor: floorMs(), atMost: 700 });
  print({ name: 'longest turn of the event loop meanwhile', value: worst, unit: 'ms', atMost: 25 });
  print({ name: 'streams broken', value: broken, unit: '', atMost: 0 });
}
rmSync(folder, { recursive: true });

/** Making as many keys and signing as often, and nothing else. */
function floorMs(): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [ecdh, tbs, start] = [createECDH('prime256v1'), randomBytes(500), performance.now()];
  for (let n = 0; n < CONNECTIONS * STREAMS; n++) {
    ecdh.generateKeys();
    sign('sha256', tbs, privateKey);
  }
  return performance.now() - start;
}
