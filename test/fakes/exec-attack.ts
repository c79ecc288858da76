import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HpackEncoder } from './hpack-encoder.js';
import { frame, PREFACE, SETTINGS } from './raw-http2-client.js';
import { WHO } from './test-door.js';

const ATTACKER = fileURLToPath(new URL('../fixtures/door/exec-attacker.mjs', import.meta.url));
const PROGRAM = realpathSync('/bin/sleep');

/**
 * Who answers the challenge: a child that holds the connection, the attacker itself at its last moment, or the
 * program that it has become.
 */
export type Attack = 'child-answers' | 'answers-itself' | 'answers-after';

/** What one try came to. `won`: the door vouched for the program that the attacker became. */
export type Outcome = 'won' | 'refused' | 'seen-through' | 'answered-as-itself';

/** One process connects and asks, and then becomes `sleep`, whose identity it wants. */
export async function execAttack(
  path: string,
  how: Attack,
  as: { uid?: number; gid?: number } = {},
): Promise<Outcome> {
  const block = new HpackEncoder({ huffman: true }).encode([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', WHO],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ]);
  const request = Buffer.concat([PREFACE, SETTINGS, frame(1, 4, 1, block), frame(0, 1, 1, Buffer.alloc(5))]);
  const child = spawn(process.execPath, [ATTACKER, how, path, request.toString('base64'), PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own: what it leaves behind can be ended with it.
    detached: true,
    ...as,
  });
  let heard = '';
  for await (const chunk of child.stdout) {
    heard += (chunk as Buffer).toString('latin1');
    if (heard.includes('"host"')) break;
  }
  endGroup(child.pid);
  if (!heard.includes('"standing"')) return 'refused';
  if (!heard.includes('"standing":"same"')) return 'seen-through';
  return heard.includes(`"executable":"${PROGRAM}"`) ? 'won' : 'answered-as-itself';
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Everybody in the group has ended by itself.
  }
}
