import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  linkSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Digests } from '../../src/measurement/digests.js';
import { measureExecutable, type Executable } from '../../src/measurement/executable.js';
import { startChild } from '../fakes/child-process.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const SLEEP = realpathSync('/bin/sleep');
const SLEEP_SHA256 = createHash('sha256').update(readFileSync(SLEEP)).digest('hex');

async function bench() {
  const cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const digests = cleanup.use(new Digests({ clock: new FakeClock('2040-01-01T00:00:00Z') }));
  /** Runs a copy of `sleep` under that name. */
  const run = async (name: string | Buffer) => {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
    copyFileSync(SLEEP, path);
    // Where the name has bytes that are not UTF-8, the shell takes it from a pattern.
    const child =
      typeof name === 'string'
        ? await startChild(path.toString(), ['600'])
        : await startChild('/bin/sh', [
            '-c',
            'cd "$1" && for f in *; do echo; exec "./$f" 600; done',
            'sh',
            folder,
          ]);
    cleanup.use(child);
    if (typeof name !== 'string') await executed(child.pid);
    return { path: path.toString(), measure: async () => measureExecutable(`/proc/${child.pid}`, digests) };
  };
  return { folder, digests, run, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

async function executed(pid: number): Promise<void> {
  while (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('600\0')) await new Promise(setImmediate);
}

describe('measureExecutable', () => {
  it('gives the path and the digest of the program that runs, at once when the digest is known', async () => {
    await using at = await bench();
    const sleep = await at.run('agent');
    const expected: Executable = { path: sleep.path, deleted: false, sha256: SLEEP_SHA256 };
    expect(await sleep.measure()).toEqual(expected);
    expect(measureExecutable('/proc/self', at.digests)).toBeInstanceOf(Promise);
  });

  it('gives the path that a deleted program had, and the digest of what runs', async () => {
    await using at = await bench();
    const sleep = await at.run('agent');
    copyFileSync('/bin/ls', `${sleep.path}.new`);
    renameSync(`${sleep.path}.new`, sleep.path);
    expect(await sleep.measure()).toEqual({ path: sleep.path, deleted: true, sha256: SLEEP_SHA256 });
  });

  it('does not take a program that is called so for a deleted one', async () => {
    await using at = await bench();
    const sleep = await at.run('agent (deleted)');
    expect(await sleep.measure()).toMatchObject({ path: join(at.folder, 'agent (deleted)'), deleted: false });
    unlinkSync(sleep.path);
    expect(await sleep.measure()).toMatchObject({ path: join(at.folder, 'agent (deleted)'), deleted: true });
  });

  it("keeps the kernel's suffix where the file lives on under another name", async () => {
    await using at = await bench();
    const sleep = await at.run('agent');
    linkSync(sleep.path, `${sleep.path}-2`);
    unlinkSync(sleep.path);
    expect(await sleep.measure()).toMatchObject({ path: `${sleep.path} (deleted)`, deleted: false });
  });

  it.each(['with blank', 'with\nnewline', 'with) paren (', 'mit Ümlaut', 'with \uFFFD'])(
    'gives the path of a program whose name is %j',
    async (name) => {
      await using at = await bench();
      const sleep = await at.run(name);
      expect(await sleep.measure()).toMatchObject({ path: join(at.folder, name) });
    },
  );

  it('gives no path, and says so, where it is not UTF-8', async () => {
    await using at = await bench();
    const sleep = await at.run(Buffer.from([0x61, 0xff]));
    expect(await sleep.measure()).toEqual({
      deleted: false,
      sha256: SLEEP_SHA256,
      problem: 'the path of its executable is not UTF-8',
    });
  });

  it('gives the path without a digest of a program that is too large to be hashed', async () => {
    await using at = await bench();
    await using digests = new Digests({ clock: new FakeClock('2040-01-01T00:00:00Z'), maxBytes: 10 });
    await using child = await startChild(SLEEP, ['600']);
    expect(measureExecutable(`/proc/${child.pid}`, digests)).toEqual({
      path: SLEEP,
      deleted: false,
      problem: expect.stringContaining('at most 10 are hashed'),
    });
    expect(at.folder).not.toBe('');
  });

  it('says that there is none where the process is gone', async () => {
    await using at = await bench();
    await using child = await startChild(SLEEP, ['600']);
    await child.kill();
    expect(measureExecutable(`/proc/${child.pid}`, at.digests)).toEqual({
      deleted: false,
      problem: 'its executable cannot be opened (ENOENT)',
    });
  });

  it('leaves no descriptor open', async () => {
    await using at = await bench();
    const sleep = await at.run('agent');
    await sleep.measure();
    const before = readdirSync('/proc/self/fd').length;
    for (let n = 0; n < 20; n++) await sleep.measure();
    chmodSync(sleep.path, 0o700);
    await sleep.measure();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
