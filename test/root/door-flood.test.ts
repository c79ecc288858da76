import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDoor } from '../fakes/test-door.js';

const WHO = fileURLToPath(new URL('../fixtures/door/who.mjs', import.meta.url));
const FLOOD = fileURLToPath(new URL('../fixtures/door/flood.mjs', import.meta.url));
const HOSTILE = { uid: 4241, gid: 4241 };
const HONEST = { uid: 4242, gid: 4242 };
const CALLS = 100;
/** Two processes of a hostile uid and this one share the machine; without a flood it is about a millisecond. */
const MAX_MEDIAN_MS = 250;

/** As the unit has it. What is started here goes back to where everybody is. */
const NICE = -10;

/** A Node process of another user, as nice as everybody. */
function spawnAs(user: { uid: number; gid: number }, ...args: readonly string[]) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...user });
  if (child.pid !== undefined) setPriority(child.pid, 0);
  return child;
}

async function flood(path: string, kind: string) {
  const children = Array.from({ length: 2 }, () => spawnAs(HOSTILE, FLOOD, path, kind));
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(
        children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'close')),
      );
    },
  };
}

describe('whatever one uid does at the door', () => {
  const before = getPriority();
  beforeAll(() => setPriority(NICE));
  afterAll(() => setPriority(before));

  it.each(['silent', 'storm', 'garbage', 'dribble', 'hoard'])(
    'an honest caller of another uid is served: %s',
    async (kind) => {
      await using open = await openTestDoor({ descriptorLimit: 4_096 });
      await chmod(join(open.path, '..'), 0o755);
      await using _ = await flood(open.path, kind);

      // A new connection for each call.
      const honest = spawnAs(HONEST, WHO, open.path, String(CALLS), 'new');
      const answers = (await text(honest.stdout))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { uid?: number; ms: number });

      expect(answers.filter(({ uid }) => uid === HONEST.uid)).toHaveLength(CALLS);
      const times = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
      expect(times[CALLS / 2]).toBeLessThan(MAX_MEDIAN_MS);
      expect(open.budget.takenBy(HOSTILE.uid)).toBeLessThanOrEqual(open.budget.limits.perUid);
      // A flood is no reason to fill the disk.
      expect(open.log.lines.length).toBeLessThan(100);
    },
    60_000,
  );
});
