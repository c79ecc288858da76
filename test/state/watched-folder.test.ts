import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import type { FolderContents } from '../../src/state/folder-reader.js';
import { WatchedFolder } from '../../src/state/watched-folder.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

describe('WatchedFolder', () => {
  it('gives the files at once, and again after a write, an addition and a removal', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'a.yaml'), 'one');
    await using watched = watch(folder.path);
    expect(await watched.next()).toEqual({ 'a.yaml': 'one' });

    await writeFile(join(folder.path, 'a.yaml'), 'two');
    expect(await watched.next()).toEqual({ 'a.yaml': 'two' });
    await writeFile(join(folder.path, 'b.yaml'), 'new');
    expect(await watched.next()).toEqual({ 'a.yaml': 'two', 'b.yaml': 'new' });
    await rm(join(folder.path, 'a.yaml'));
    expect(await watched.next()).toEqual({ 'b.yaml': 'new' });
  });

  it('gives a file that is written in several steps once, whole', async () => {
    await using folder = await temporaryFolder();
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    await using watched = watch(folder.path, clock);
    expect(await watched.next()).toEqual({});
    const next = watched.next();
    for (const part of ['one ', 'two ', 'three']) {
      await appendFile(join(folder.path, 'a.yaml'), part);
      // Heard by now: it waits for 10 ms of quiet, no longer for the next slow look.
      await expect.poll(async () => (await clock.nextWake()).toISOString()).toBe('2030-01-01T00:00:00.010Z');
    }
    await clock.advance(10);
    while (clock.now().getTime() < Date.parse('2030-01-01T00:00:00.100Z')) {
      await sleep(1);
      await clock.advance(10);
    }
    expect(await next).toEqual({ 'a.yaml': 'one two three' });
  });

  it('follows a file that is renamed over another', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'a.yaml'), 'one');
    await using watched = watch(folder.path);
    await watched.next();
    await writeFile(join(folder.path, '.a.yaml.swp'), 'two');
    await rename(join(folder.path, '.a.yaml.swp'), join(folder.path, 'a.yaml'));
    expect(await watched.next()).toEqual({ 'a.yaml': 'two' });
  });

  it('follows a Kubernetes ConfigMap, whose files are links through ..data', async () => {
    await using folder = await temporaryFolder();
    const at = (...names: string[]): string => join(folder.path, ...names);
    for (const version of ['1', '2']) {
      await mkdir(at(`..${version}`));
      await writeFile(at(`..${version}`, 'a.yaml'), version);
    }
    await symlink('..1', at('..data'));
    await symlink(join('..data', 'a.yaml'), at('a.yaml'));
    await using watched = watch(folder.path);
    expect(await watched.next()).toEqual({ 'a.yaml': '1' });

    await symlink('..2', at('..data_tmp'));
    await rename(at('..data_tmp'), at('..data'));
    expect(await watched.next()).toEqual({ 'a.yaml': '2' });
  });

  it('takes a folder that does not exist for empty, and follows it as it comes, goes and comes again', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'etc', 'spoor', 'entries.d');
    await using watched = watch(path);
    expect(await watched.next()).toEqual({});

    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'a.yaml'), 'one');
    expect(await watched.next()).toEqual({ 'a.yaml': 'one' });
    await rm(join(folder.path, 'etc'), { recursive: true });
    expect(await watched.next()).toEqual({});
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'a.yaml'), 'two');
    expect(await watched.next()).toEqual({ 'a.yaml': 'two' });
  });

  it('follows a folder that is replaced, and a link to a folder that is turned', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    for (const name of ['one', 'two']) {
      await mkdir(at(name));
      await writeFile(join(at(name), 'a.yaml'), name);
    }
    await symlink('one', at('entries.d'));
    await using watched = watch(at('entries.d'));
    expect(await watched.next()).toEqual({ 'a.yaml': 'one' });

    await symlink('two', at('new'));
    await rename(at('new'), at('entries.d'));
    expect(await watched.next()).toEqual({ 'a.yaml': 'two' });
    await writeFile(join(at('two'), 'a.yaml'), 'three');
    expect(await watched.next()).toEqual({ 'a.yaml': 'three' });
  });

  it('finds within 5 s what inotify did not tell: a change of a file elsewhere, behind a link', async () => {
    await using folder = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    await writeFile(join(elsewhere.path, 'a.yaml'), 'one');
    await symlink(join(elsewhere.path, 'a.yaml'), join(folder.path, 'a.yaml'));
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    await using watched = watch(folder.path, clock);
    expect(await watched.next()).toEqual({ 'a.yaml': 'one' });

    const next = watched.next();
    expect((await clock.nextWake()).toISOString()).toBe('2030-01-01T00:00:05.000Z');
    await writeFile(join(elsewhere.path, 'a.yaml'), 'two');
    await clock.advance(5_000);
    expect(await next).toEqual({ 'a.yaml': 'two' });
  });

  it('finds a change that left size and times as they were', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.yaml');
    await writeFile(path, 'one');
    await using watched = watch(folder.path);
    await watched.next();
    await using file = await open(path, 'r+');
    await file.write('two', 0);
    await file.utimes(1, 1);
    expect(await watched.next()).toEqual({ 'a.yaml': 'two' });
    await file.write('six', 0);
    await file.utimes(1, 1);
    expect(await watched.next()).toEqual({ 'a.yaml': 'six' });
  });

  it('says why a file or the folder cannot be read, and does not take it for absent', async () => {
    await using folder = await temporaryFolder();
    spawnSync('mkfifo', [join(folder.path, 'fifo.yaml')]);
    await mkdir(join(folder.path, 'folder.yaml'));
    await symlink('loop.yaml', join(folder.path, 'loop.yaml'));
    await symlink('loop', join(folder.path, 'loop'));

    await using watched = watch(folder.path);
    expect(await watched.next()).toEqual({
      'fifo.yaml': { failure: 'it is not a regular file' },
      'folder.yaml': { failure: 'it is not a regular file' },
      'loop.yaml': { failure: 'it cannot be read (ELOOP)' },
    });
    await using unlistable = watch(join(folder.path, 'loop'));
    expect(await unlistable.next()).toEqual({ '.': { failure: 'it cannot be read (ELOOP)' } });
  });

  it('gives what `load` gave only when it has changed since', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'a.yaml'), 'one');
    const watched = new WatchedFolder({ path: folder.path, clock: MACHINE_CLOCK, log: new MemoryLog() });
    expect(plain(await watched.load())).toEqual({ 'a.yaml': 'one' });
    await writeFile(join(folder.path, 'a.yaml'), 'two');
    const stop = new AbortController();
    const changes = watched.changes(stop.signal);
    expect(plain((await changes.next()).value as FolderContents)).toEqual({ 'a.yaml': 'two' });
    stop.abort();
    expect(await changes.next()).toMatchObject({ done: true });
  });
});

interface Watching extends AsyncDisposable {
  next(): Promise<Record<string, unknown>>;
}

/** Real time, but for the slow look, which never comes: what these tests see was told by inotify. */
const EVENTS_ONLY: Clock = {
  ...MACHINE_CLOCK,
  sleep: (ms, signal) => MACHINE_CLOCK.sleep(ms >= 5_000 ? 1e9 : ms, signal),
};

function watch(path: string, clock: Clock = EVENTS_ONLY): Watching {
  const stop = new AbortController();
  const accepts = (name: string): boolean => name.endsWith('.yaml');
  const changes = new WatchedFolder({ path, accepts, clock, log: new MemoryLog() }).changes(stop.signal);
  return {
    next: async () => plain((await changes.next()).value as FolderContents),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await changes.return(undefined);
    },
  };
}

function plain(contents: FolderContents): Record<string, unknown> {
  return Object.fromEntries(
    [...contents].map(([name, file]) => [name, 'contents' in file ? file.contents.toString() : file]),
  );
}
