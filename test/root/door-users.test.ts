import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { execAttack, type Attack } from '../fakes/exec-attack.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';
import { openTestDoor, type TestDoorOptions, type Who } from '../fakes/test-door.js';
import { spawnTypescript, typescriptArguments } from '../fakes/typescript-process.js';

const WHO = fileURLToPath(new URL('../fixtures/door/who.mjs', import.meta.url));
const DOOR = new URL('../fakes/door-process.ts', import.meta.url);
const SOMEBODY = { uid: 4241, gid: 4241 };
const SOMEBODY_ELSE = { uid: 4242, gid: 4242 };

type Answer = Partial<Who> & { readonly error?: number };

/** A door in a folder that other users can reach. */
async function publicDoor(options: TestDoorOptions = {}) {
  const open = await openTestDoor(options);
  await chmod(join(open.path, '..'), 0o755);
  return open;
}

async function ask(command: readonly string[], as: { uid?: number; gid?: number } = {}): Promise<Answer[]> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...as });
  const lines = (await text(child.stdout)).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}

function who(path: string, ...rest: readonly string[]): string[] {
  return [process.execPath, WHO, path, ...rest];
}

/** A door in a process of its own; `tell` ends it and gives what it saw. */
async function doorProcess(
  wrapper: readonly string[],
  options: { uid?: number; gid?: number; allowed?: string },
) {
  const { allowed = 'all', ...as } = options;
  const folder = await temporaryFolder();
  await chown(folder.path, as.uid ?? 0, as.gid ?? 0);
  await chmod(folder.path, 0o755);
  const args = [folder.path, allowed];
  const [program, ...before] = wrapper;
  const door =
    program === undefined
      ? spawnTypescript(DOOR, args, { stdio: ['pipe', 'pipe', 'inherit'], ...as })
      : spawn(program, [...before, process.execPath, ...typescriptArguments(fileURLToPath(DOOR), ...args)], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
  await once(door.stdout!, 'data');
  const tell = async () => {
    door.stdin?.end('tell\n');
    return JSON.parse(await text(door.stdout!)) as {
      fields: Record<string, unknown>[];
      seen: { pid: number; foreign: boolean }[];
    };
  };
  return {
    path: join(folder.path, 'door.sock'),
    pid: door.pid,
    tell,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('the door, for other users', () => {
  it('knows each by its own uid', async () => {
    await using open = await publicDoor();
    expect(await ask(who(open.path), SOMEBODY)).toMatchObject([
      { uid: 4241, standing: 'same', executable: process.execPath },
    ]);
    expect(await ask(who(open.path), SOMEBODY_ELSE)).toMatchObject([{ uid: 4242, standing: 'same' }]);
  });

  it('is closed to them when its mode says so', async () => {
    await using open = await publicDoor({ mode: 0o600 });
    expect(await ask(who(open.path), SOMEBODY)).toMatchObject([{ error: 14 }]);
    expect(open.log.lines).toEqual([]);
  });

  it('sees that a process changed its effective user after it connected', async () => {
    await using open = await publicDoor();
    const [before, after] = await ask(who(open.path, '2', 'drop'));
    expect([before?.standing, after?.standing]).toEqual(['same', 'changed']);
  });

  it.each<Attack>(['answers-itself', 'child-answers'])(
    'gives nobody what belongs to the program that he becomes: %s',
    async (how) => {
      await using open = await publicDoor();
      const outcomes: string[] = [];
      for (let round = 0; round < 10; round++) {
        outcomes.push(
          ...(await Promise.all(Array.from({ length: 5 }, () => execAttack(open.path, how, SOMEBODY)))),
        );
      }
      expect(outcomes).toHaveLength(50);
      expect(outcomes).not.toContain('won');
    },
    60_000,
  );
});

describe('the door and namespaces', () => {
  it('says of a process in another user namespace that it is', async () => {
    await using door = await doorProcess([], {});
    expect(await ask(['unshare', '--user', '--map-root-user', ...who(door.path)])).toMatchObject([
      { uid: 0, standing: 'same' },
    ]);
    expect(await ask(who(door.path))).toMatchObject([{ uid: 0 }]);
    expect((await door.tell()).seen.map(({ foreign }) => foreign)).toEqual([true, false]);
  });

  it('refuses a process that its pid namespace does not show, and says what to do', async () => {
    await using door = await doorProcess(['unshare', '--pid', '--fork', '--mount-proc'], {});
    expect(await ask(who(door.path))).toMatchObject([{ error: 14 }]);
    const { fields } = await door.tell();
    expect(fields[0]).toMatchObject({ reason: 'pid-unseen', why: expect.stringMatching(/hostPID: true/) });
  });
});

describe('the door of an ordinary user', () => {
  it('serves processes of its user, and turns others away', async () => {
    await using door = await doorProcess([], { ...SOMEBODY, allowed: 'own' });
    expect(await ask(who(door.path), SOMEBODY)).toMatchObject([
      { uid: 4241, standing: 'same', executable: process.execPath },
    ]);
    expect(await ask(who(door.path), SOMEBODY_ELSE)).toMatchObject([{ error: 14 }]);
    expect((await door.tell()).fields.map(({ reason, uid }) => [reason, uid])).toContainEqual([
      'not-allowed',
      4242,
    ]);
  });

  it('serves a process of its user that lets nobody look into it, and does not take it for more than that', async () => {
    await using door = await doorProcess([], { ...SOMEBODY, allowed: 'own' });
    const answers = await ask(who(door.path, '2', 'hide'), SOMEBODY);
    expect(answers).toMatchObject([
      { uid: 4241, standing: 'same', executable: '' },
      { uid: 4241, standing: 'same', executable: '' },
    ]);
    expect((await door.tell()).seen).toMatchObject([{ foreign: true }]);
  });

  it('cannot be looked into by its user', async () => {
    await using door = await doorProcess([], SOMEBODY);
    const { status, stderr } = spawnSync('cat', [`/proc/${door.pid}/environ`], SOMEBODY);
    expect([status, String(stderr)]).toEqual([1, expect.stringMatching(/Permission denied/)]);
    await door.tell();
  });
});
