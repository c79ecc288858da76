import { copyFileSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Digests } from '../../src/measurement/digests.js';
import { MAX_ANCESTORS, ProcessTree } from '../../src/measurement/process-tree.js';
import { endAtLast, startChild, type RunningChild } from '../fakes/child-process.js';
import { descendant } from '../fakes/descendant.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const SH = realpathSync('/bin/sh');
const SLEEP = realpathSync('/bin/sleep');
/** A shell that starts a `sleep`, says its pid, and executes whatever it is told. */
const PARENT = 'sleep 600 & echo $!; read line; eval "$line"';

async function bench() {
  const cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder()).path;
  const clock = new FakeClock('2040-01-01T00:00:00Z');
  const digests = cleanup.use(new Digests({ clock }));
  const tree = cleanup.use(new ProcessTree({ digests, clock }));
  /** The child of a shell; both end with the test. */
  const family = async (shell = SH) => {
    const parent = cleanup.use(await startChild(shell, ['-c', PARENT]));
    const pid = Number(await parent.line());
    cleanup.use(endAtLast(pid));
    return { parent, pid, folder: `/proc/${pid}` };
  };
  return { folder, clock, digests, tree, family, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

async function executed(pid: number, program: string): Promise<void> {
  while (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(program)) await new Promise(setImmediate);
}

/** Waits until the kernel has given a child another parent. */
async function orphaned(pid: number, parent: RunningChild): Promise<void> {
  await parent.kill();
  while (readFileSync(`/proc/${pid}/status`, 'latin1').includes(`PPid:\t${parent.pid}\n`)) {
    await new Promise(setImmediate);
  }
}

describe('ProcessTree', () => {
  it('gives the ancestors of a process, parent first, with path and digest', async () => {
    await using at = await bench();
    const { parent, folder } = await at.family();

    const above = await at.tree.above(descendant(folder));
    expect(above.slice(0, 2).map(({ pid, executable: { path } }) => ({ pid, path }))).toEqual([
      { pid: parent.pid, path: SH },
      { pid: process.pid, path: realpathSync('/proc/self/exe') },
    ]);
    expect(above[0]?.executable.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(above.at(-1)?.pid).toBe(1);
    expect(at.tree.above(descendant(folder))).toEqual(above);
  });

  it.each([') S 1 1 (', 'x) R 1', '((', 'a\nb', ')'])('reads a parent whose name is %j', async (name) => {
    await using at = await bench();
    const shell = join(at.folder, name);
    copyFileSync(SH, shell);
    const { parent, folder } = await at.family(shell);
    const [first, second] = await at.tree.above(descendant(folder));
    expect(first).toMatchObject({ pid: parent.pid, executable: { path: shell } });
    expect(second?.pid).toBe(process.pid);
  });

  it('notices at once that a parent executes another program', async () => {
    await using at = await bench();
    const { parent, folder } = await at.family();
    await at.tree.above(descendant(folder));

    parent.tell('exec sleep 601');
    await executed(parent.pid, 'sleep');
    expect((await at.tree.above(descendant(folder)))[0]).toMatchObject({
      pid: parent.pid,
      executable: { path: SLEEP },
    });
  });

  it('looks again at the path of a parent after a second', async () => {
    await using at = await bench();
    const shell = join(at.folder, 'shell');
    copyFileSync(SH, shell);
    const { folder } = await at.family(shell);
    await at.tree.above(descendant(folder));
    copyFileSync(SLEEP, `${shell}.new`);
    renameSync(`${shell}.new`, shell);
    expect((await at.tree.above(descendant(folder)))[0]?.executable.deleted).toBe(false);
    await at.clock.advance(1_000);
    expect((await at.tree.above(descendant(folder)))[0]?.executable.deleted).toBe(true);
  });

  it('leaves out a parent that has ended, and names the one that took its children over', async () => {
    await using at = await bench();
    const { parent, pid, folder } = await at.family();
    await at.tree.above(descendant(folder));

    await orphaned(pid, parent);
    const above = await at.tree.above(descendant(folder));
    expect(above.map(({ pid }) => pid)).not.toContain(parent.pid);
    expect(above.at(-1)?.pid).toBe(1);
  });

  it('gives nothing for a process that is gone, also where its parent is new here', async () => {
    await using at = await bench();
    const { parent, folder, pid } = await at.family();
    const gone = descendant(folder);
    process.kill(pid, 'SIGKILL');
    await parent.kill();
    while (readdirSync('/proc').includes(String(pid))) await new Promise(setImmediate);
    expect(at.tree.above(gone)).toEqual([]);
  });

  it('does not believe a parent that is new here before the process has named it twice', async () => {
    await using at = await bench();
    const { pid, folder } = await at.family();
    await using stranger = await startChild(SLEEP, ['600']);
    const stale = { ...descendant(folder), parentPid: stranger.pid, startTicks: Number.MAX_SAFE_INTEGER };
    const above = await at.tree.above(stale);
    expect(above.map(({ pid }) => pid)).not.toContain(stranger.pid);
    expect(above[0]?.pid).toBe(descendant(`/proc/${pid}`).parentPid);
  });

  it('does not believe a parent that started after its child', async () => {
    await using at = await bench();
    const { folder } = await at.family();
    expect(await at.tree.above({ ...descendant(folder), startTicks: 1, folder: '/proc/1' })).toEqual([]);
  });

  it('stops at a depth at which nobody is served', async () => {
    await using at = await bench();
    const nest = `n=$1; if [ $n -gt 0 ]; then sh -c "$0" "$0" $((n - 1)); echo; else echo $$; read x; fi`;
    await using outermost = await startChild(SH, ['-c', nest, nest, String(MAX_ANCESTORS)]);
    const pid = Number(await outermost.line());
    expect(await at.tree.above(descendant(`/proc/${pid}`))).toHaveLength(MAX_ANCESTORS);
    outermost.tell('');
    await outermost.line();
  });

  it('keeps its descriptors bounded and gives them back', async () => {
    await using at = await bench();
    const { folder } = await at.family();
    await at.tree.above(descendant(folder));
    const before = readdirSync('/proc/self/fd').length;
    for (let n = 0; n < 50; n++) await at.tree.above(descendant(folder));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    at.tree[Symbol.dispose]();
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before);
  });
});
