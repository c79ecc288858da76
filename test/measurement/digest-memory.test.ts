import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DigestMemory } from '../../src/measurement/digest-memory.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const MARK = '2049:77:4096:1700000000000000000:1700000000000000001';
const SHA256 = 'ab'.repeat(32);

/** What a room of digests remembers. */
class Remembered {
  readonly known = new Map<string, string>();
  remembered = (): ReadonlyMap<string, string> => new Map(this.known);
  recall = (digests: ReadonlyMap<string, string>): void => {
    for (const [mark, digest] of digests) this.known.set(mark, digest);
  };
}

async function open(path: string) {
  const [digests, clock, log] = [new Remembered(), new FakeClock('2030-01-01T00:00:00Z'), new MemoryLog()];
  const memory = await DigestMemory.open({ path, digests, clock, log });
  return { digests, clock, log, memory };
}

describe('DigestMemory', () => {
  it('gives a later daemon what an earlier one knew, from a file of its own', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'digests.json');
    const first = await open(path);
    const stop = new AbortController();
    const running = first.memory.run(stop.signal);
    first.digests.known.set(MARK, SHA256);
    stop.abort();
    await running;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await open(path)).digests.known).toEqual(new Map([[MARK, SHA256]]));
  });

  it('saves once a minute, and only what is new', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'digests.json');
    const { memory, digests, clock } = await open(path);
    const stop = new AbortController();
    const running = memory.run(stop.signal);
    digests.known.set(MARK, SHA256);
    await clock.nextWake();
    await clock.advance(60_000);
    await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toBe(JSON.stringify({ [MARK]: SHA256 }));
    await writeFile(path, 'untouched');
    await clock.nextWake();
    await clock.advance(60_000);
    stop.abort();
    await running;
    expect(await readFile(path, 'utf8')).toBe('untouched');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[1]'],
    ['null', 'null'],
    [
      'marks and digests that are none',
      JSON.stringify({ nonsense: SHA256, [MARK]: 'short', ['1:2:3:4:x']: SHA256 }),
    ],
  ])('starts without anything from a file that holds %s', async (_what, text) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'digests.json');
    await writeFile(path, text);
    expect((await open(path)).digests.known.size).toBe(0);
  });
});
