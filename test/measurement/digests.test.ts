import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Digests, MAX_WAITING_PER_OWNER, type DigestDeps } from '../../src/measurement/digests.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

/** Long after every file of these tests was made. */
const LATER = '2040-01-01T00:00:00Z';
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

class OpenFile implements Disposable {
  readonly path: string;
  readonly descriptor: number;

  constructor(path: string) {
    this.path = path;
    this.descriptor = openSync(path, 'r');
  }

  digest(digests: Digests): string | Promise<string> {
    return digests.sha256Of(this.descriptor, fstatSync(this.descriptor, { bigint: true }));
  }

  /** Whether its digest has to be computed; waits until it is. */
  async hasToBeRead(digests: Digests): Promise<boolean> {
    const digest = this.digest(digests);
    await Promise.allSettled([digest]);
    return digest instanceof Promise;
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }
}

async function bench(deps: Partial<DigestDeps> = {}) {
  const cleanup = new AsyncDisposableStack();
  const { path } = cleanup.use(await temporaryFolder());
  const clock = new FakeClock(LATER);
  const digests = cleanup.use(new Digests({ clock, ...deps }));
  const file = (name: string, content: string | Buffer): OpenFile => {
    writeFileSync(join(path, name), content);
    return cleanup.use(new OpenFile(join(path, name)));
  };
  return { clock, digests, file, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

describe('Digests', () => {
  it('gives the SHA-256 of an opened file, and at once when it is known', async () => {
    await using at = await bench();
    const file = at.file('abc', 'abc');

    expect(await file.digest(at.digests)).toBe(ABC);
    expect(file.digest(at.digests)).toBe(ABC);
  });

  it('reads from the start, over more than one chunk, whatever the descriptor has read before', async () => {
    await using at = await bench();
    const content = Buffer.alloc(3_500_000, 'spoor');
    const file = at.file('large', content);
    expect(await file.digest(at.digests)).toBe(createHash('sha256').update(content).digest('hex'));
    expect(await at.file('empty', '').digest(at.digests)).toBe(createHash('sha256').digest('hex'));
  });

  it('hashes a file once for all who ask at the same time', async () => {
    await using at = await bench();
    const file = at.file('abc', 'abc');
    using other = new OpenFile(file.path);
    expect(other.digest(at.digests)).toBe(other.digest(at.digests));
    expect(await Promise.all([file.digest(at.digests), other.digest(at.digests)])).toEqual([ABC, ABC]);
  });

  it('hashes again when size, mtime or ctime differ', async () => {
    await using at = await bench();
    const file = at.file('abc', 'abc');
    await file.digest(at.digests);

    writeFileSync(file.path, 'abd');
    expect(await file.digest(at.digests)).not.toBe(ABC);
  });

  it('is not deceived by an mtime that was set back: the ctime cannot be', async () => {
    await using at = await bench();
    const file = at.file('abc', 'abd');
    utimesSync(file.path, 1_000, 1_000);
    expect(await file.digest(at.digests)).not.toBe(ABC);
    writeFileSync(file.path, 'abc');
    utimesSync(file.path, 1_000, 1_000);
    expect(await file.digest(at.digests)).toBe(ABC);
  });

  it('does not remember a file that changed a moment ago, since its times may not change once more', async () => {
    await using at = await bench({ clock: new FakeClock(new Date().toISOString()) });
    const file = at.file('abc', 'abc');
    expect(await file.digest(at.digests)).toBe(ABC);
    expect(await file.hasToBeRead(at.digests)).toBe(true);
  });

  it.each([
    ['grows', (path: string) => appendFileSync(path, 'd')],
    ['shrinks', (path: string) => truncateSync(path, 1)],
    ['is written in place', (path: string) => writeFileSync(path, 'xyz')],
  ])('gives no digest of a file that %s while it is read', async (_, change) => {
    await using at = await bench();
    const file = at.file('abc', 'abc');
    const digest = file.digest(at.digests);
    change(file.path);
    await expect(digest).rejects.toMatchObject({ code: 'ATTESTATION_FAILED' });
    expect(await file.hasToBeRead(at.digests)).toBe(true);
  });

  it('refuses a file above the limit without reading it', async () => {
    await using at = await bench({ maxBytes: 2 });
    const file = at.file('abc', 'abc');
    expect(() => file.digest(at.digests)).toThrow('no digest: the file has 3 bytes, at most 2 are hashed');
  });

  it('forgets the digest that was not asked for the longest', async () => {
    await using at = await bench({ maxRemembered: 2 });
    const [a, b, c] = [at.file('a', 'a'), at.file('b', 'b'), at.file('c', 'c')] as const;
    await a.digest(at.digests);
    await b.digest(at.digests);
    expect(await a.hasToBeRead(at.digests)).toBe(false);
    await c.digest(at.digests);
    expect(await a.hasToBeRead(at.digests)).toBe(false);
    expect(await b.hasToBeRead(at.digests)).toBe(true);
  });

  it('lets one owner have a bounded number of files waiting, and goes on when they are done', async () => {
    await using at = await bench();
    const files = Array.from({ length: MAX_WAITING_PER_OWNER + 1 }, (_, n) => at.file(`f${n}`, `${n}`));
    const last = files.pop()!;
    const waiting = files.map((file) => file.digest(at.digests));
    expect(() => last.digest(at.digests)).toThrow(expect.objectContaining({ code: 'ATTESTATION_FAILED' }));
    for (const digest of waiting) await digest;
    expect(await last.digest(at.digests)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('reports a descriptor that cannot be read', async () => {
    await using at = await bench();
    const file = at.file('abc', 'abc');
    const facts = fstatSync(file.descriptor, { bigint: true });
    const folder = openSync('/', 'r');
    await expect(at.digests.sha256Of(folder, facts)).rejects.toMatchObject({
      code: 'ATTESTATION_FAILED',
      message: expect.stringContaining('EISDIR'),
    });
    closeSync(folder);
  });
});
