import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const EXAMPLE = { name: 'example.org' };

describe('StateFolder', () => {
  it('makes its folder for its owner alone, and knows itself again', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'deep', 'state');
    const first = await StateFolder.open(path, EXAMPLE);
    await first[Symbol.asyncDispose]();
    await using again = await StateFolder.open(path, EXAMPLE);

    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, 'node.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, 'spoor.db'))).mode & 0o777).toBe(0o600);
    expect(again.nodeId).toMatch(/^[0-9a-f]{32}$/);
    expect(again.nodeId).toBe(first.nodeId);
    expect(again.file('record.jsonl')).toBe(join(path, 'record.jsonl'));
  });

  it('refuses the state of another trust domain and changes nothing in it', async () => {
    await using folder = await temporaryFolder();
    await makeState(folder.path);
    const before = await snapshotOf(folder.path);

    await expect(StateFolder.open(folder.path, { name: 'other.test' })).rejects.toMatchObject({
      code: 'STATE_FOREIGN',
      message: expect.stringContaining('example.org, not of other.test'),
    });
    expect(await snapshotOf(folder.path)).toEqual(before);
  });

  it('lets in one daemon at a time, and the next one when the first has let go', async () => {
    await using folder = await temporaryFolder();
    const first = await StateFolder.open(folder.path, EXAMPLE);
    await expect(StateFolder.open(folder.path, EXAMPLE)).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      message: expect.stringContaining('in use by another daemon'),
    });
    await first[Symbol.asyncDispose]();
    await using second = await StateFolder.open(folder.path, EXAMPLE);
    expect(second.nodeId).toBe(first.nodeId);
  });

  it('is free again when the process that had it was killed', async () => {
    await using folder = await temporaryFolder();
    await makeState(folder.path);
    const holder = spawn('flock', [folder.path, 'sh', '-c', 'echo held; exec sleep 60'], { detached: true });
    await once(holder.stdout, 'data');
    await expect(StateFolder.open(folder.path, EXAMPLE)).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });

    process.kill(-(holder.pid ?? 0), 'SIGKILL');
    await once(holder, 'close');
    await using state = await StateFolder.open(folder.path, EXAMPLE);
    expect(state.path).toBe(folder.path);
  });

  it('refuses a folder that others can enter', async () => {
    await using folder = await temporaryFolder();
    await chmod(folder.path, 0o750);
    await expect(StateFolder.open(folder.path, EXAMPLE)).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      message: expect.stringContaining('mode 750'),
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('refuses a file in the place of the folder, a damaged node.json, and a database without one', async () => {
    await using folder = await temporaryFolder();
    const [file, damaged, orphan] = ['file', 'damaged', 'orphan'].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(file, '');
    for (const path of [damaged, orphan]) await mkdir(path, { mode: 0o700 });
    await writeFile(join(damaged, 'node.json'), '{"trust_domain":"exam');
    await writeFile(join(orphan, 'spoor.db'), '');

    for (const path of [file, damaged, orphan]) {
      await expect(StateFolder.open(path, EXAMPLE)).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
    }
    expect(await readdir(orphan)).toEqual(['spoor.db']);
  });
});

async function makeState(path: string): Promise<void> {
  const state = await StateFolder.open(path, EXAMPLE);
  await state[Symbol.asyncDispose]();
}

/** Names, contents and times of change of all files of a folder, and of the folder itself. */
async function snapshotOf(path: string): Promise<unknown[]> {
  const files = (await readdir(path)).toSorted();
  return Promise.all([
    stat(path).then(({ ctimeMs }) => ctimeMs),
    ...files.map(async (name) => {
      const { ctimeMs } = await stat(join(path, name));
      return [name, ctimeMs, await readFile(join(path, name), 'hex')];
    }),
  ]);
}
