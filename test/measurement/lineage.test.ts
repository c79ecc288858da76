import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { isAlive, lineageOf, MAX_GENERATIONS } from '../../src/measurement/lineage.js';
import { readExecutionStat } from '../../src/measurement/execution-stat.js';
import { startChild } from '../fakes/child-process.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';
import { typescriptArguments } from '../fakes/typescript-process.js';

function startTicksOf(pid: number): number {
  const bytes = readFileSync(`/proc/${pid}/stat`);
  return readExecutionStat(bytes, bytes.length).startTicks;
}

describe('the line of a process', () => {
  it('goes up to the first process, parent first', async () => {
    await using child = await startChild('cat');
    const line = lineageOf(`/proc/${child.pid}`);
    if (line === 'unclear') throw new Error('the line did not hold still');
    expect(line[0]).toEqual({ pid: process.pid, startTicks: startTicksOf(process.pid) });
    expect(line[1]?.pid).toBe(process.ppid);
    expect(line.length).toBeLessThan(64);
  });

  it('is unclear when it is longer than anybody needs', async () => {
    const depth = MAX_GENERATIONS + 20;
    const nest = `n=$1; [ "$n" = 0 ] && { echo $$; exec sleep 60; }; sh "$0" $((n-1)); :`;
    await using folder = await temporaryScript(nest);
    const outer = spawn('/bin/sh', [folder.path, String(depth)], { detached: true });
    const [line] = (await once(outer.stdout, 'data')) as [Buffer];
    try {
      expect(lineageOf(`/proc/${Number(line.toString())}`)).toBe('unclear');
    } finally {
      process.kill(-outer.pid!, 'SIGKILL');
    }
  });

  it('is no answer when no descriptor is left to look with', async () => {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/starved.mts`;
    await writeFile(
      file,
      `import { openSync } from 'node:fs';
      import { isAlive, lineageOf } from '${new URL('../../src/measurement/lineage.ts', import.meta.url).href}';
      try { for (;;) openSync('/dev/null'); } catch {}
      let failure = '';
      try { lineageOf('/proc/self'); } catch (error) { failure = error.code; }
      const isOne = isAlive({ pid: 1, startTicks: 0 });
      process.stdout.write(failure + ' ' + isOne + '\\n');`,
    );
    const starved = ['-c', 'ulimit -n 48; exec "$0" "$@"', process.execPath, ...typescriptArguments(file)];
    await using child = await startChild('/bin/sh', starved);
    expect(await child.line()).toBe('EMFILE true');
  });

  it('is empty for a process that is not there', () => {
    expect(lineageOf('/proc/4194305')).toEqual([]);
  });
});

describe('isAlive', () => {
  it('tells a process from a later one of its number, and from its zombie', async () => {
    await using child = await startChild('cat');
    const startTicks = startTicksOf(child.pid);
    expect(isAlive({ pid: child.pid, startTicks })).toBe(true);
    expect(isAlive({ pid: child.pid, startTicks: startTicks + 1 })).toBe(false);
    await child.kill();
    expect(isAlive({ pid: child.pid, startTicks })).toBe(false);
  });
});

async function temporaryScript(text: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const path = `${folder.path}/nest.sh`;
  await writeFile(path, text);
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
