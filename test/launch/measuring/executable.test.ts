import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkfifo } from '../../fakes/mkfifo.js';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExecutableCopies } from '../../../src/launch/measuring/executable-copies.js';
import {
  firstLineOf,
  measureExecutable,
  type ExecutableDeps,
} from '../../../src/launch/measuring/executable.js';
import { asDaemon } from '../../../src/kernel/file-rights.js';
import { Libc } from '../../../src/kernel/libc.js';
import { SealedFiles } from '../../../src/kernel/sealed-file.js';
import { Digests } from '../../../src/measurement/digests.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const sealed = new SealedFiles(new Libc());

async function bench(mode: ExecutableDeps['mode'] = 'root') {
  const cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder());
  const digests = cleanup.use(new Digests({ clock: new FakeClock('2040-01-01T00:00:00Z') }));
  const copies = cleanup.use(new ExecutableCopies(sealed));
  const program = join(folder.path, 'program');
  copyFileSync('/bin/true', program);
  chmodSync(program, 0o755);
  const measure = (path: string) => measureExecutable(path, asDaemon, { digests, copies, mode });
  return {
    folder: folder.path,
    program,
    copies,
    measure,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function run(descriptor: number): number | null {
  return spawnSync(`/proc/self/fd/${descriptor}`).status;
}

describe('a measured program', () => {
  it('is the file itself where only root can change it', async () => {
    await using at = await bench();
    using executable = await at.measure('/bin/sh');
    expect(executable).toMatchObject({
      path: '/bin/sh',
      realPath: realpathSync('/bin/sh'),
      sha256: sha256Of('/bin/sh'),
      copiedSince: undefined,
    });
    expect(realpathSync(`/proc/self/fd/${executable.descriptor}`)).toBe(realpathSync('/bin/sh'));
  });

  it('is a sealed copy where others can, which no later write reaches', async () => {
    await using at = await bench();
    const before = sha256Of(at.program);
    using executable = await at.measure(at.program);
    writeFileSync(at.program, readFileSync('/bin/false'));
    expect(executable.sha256).toBe(before);
    expect(executable.copiedSince).toMatch(/belongs to uid|can be written/);
    expect(sealed.isSealed(executable.descriptor)).toBe(true);
    expect(run(executable.descriptor)).toBe(0);
  });

  it('is measured anew after a write, and has the digest of what then runs', async () => {
    await using at = await bench();
    using first = await at.measure(at.program);
    writeFileSync(at.program, readFileSync('/bin/false'));
    using second = await at.measure(at.program);
    expect([run(first.descriptor), run(second.descriptor)]).toEqual([0, 1]);
    expect([first.sha256, second.sha256]).toEqual([sha256Of('/bin/true'), sha256Of('/bin/false')]);
  });

  it('is the file itself in user mode', async () => {
    await using at = await bench('user');
    using executable = await at.measure(at.program);
    expect(executable).toMatchObject({ sha256: sha256Of('/bin/true'), copiedSince: undefined });
  });

  it('is what a link leads to', async () => {
    await using at = await bench();
    symlinkSync('/bin/sh', join(at.folder, 'link'));
    using executable = await at.measure(join(at.folder, 'link'));
    expect(executable).toMatchObject({ realPath: realpathSync('/bin/sh'), copiedSince: undefined });
  });

  it.each([
    ['there is no program', (folder: string) => join(folder, 'nothing')],
    ['is no regular file', (folder: string) => folder],
    ['is no regular file', (folder: string) => mkfifo(join(folder, 'fifo'))],
  ])('%s: it fails', async (why, path) => {
    await using at = await bench();
    await expect(at.measure(path(at.folder))).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: expect.stringContaining(why),
    });
  });

  it('leaves no descriptor behind', async () => {
    await using at = await bench();
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 20; round++) {
      using _sealed = await at.measure(at.program);
      using _trusted = await at.measure('/bin/sh');
      await at.measure(join(at.folder, 'nothing')).catch(() => undefined);
    }
    // One copy is kept for the next time, and the thread that hashes has some of its own.
    expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(10);
  });
});

describe('copies of programs', () => {
  it('are made once for launches at the same time, and each has a descriptor of its own', async () => {
    await using at = await bench();
    const all = await Promise.all(Array.from({ length: 10 }, () => at.measure(at.program)));
    expect(new Set(all.map(({ descriptor }) => descriptor)).size).toBe(10);
    expect(new Set(all.map(({ descriptor }) => realInode(descriptor))).size).toBe(1);
    for (const executable of all) executable[Symbol.dispose]();
  });
});

describe('the first line of a file', () => {
  it('is that of a script, and of nothing else', async () => {
    await using at = await bench();
    const script = join(at.folder, 'script');
    writeFileSync(script, '#!/bin/sh -e\necho\n');
    expect(firstLineOf(script, asDaemon)?.toString()).toBe('#!/bin/sh -e\necho\n');
    expect(firstLineOf('/bin/sh', asDaemon)).toBeUndefined();
  });
});

function realInode(descriptor: number): string {
  return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8').match(/ino:\s*(\d+)/)?.[1] ?? '';
}
