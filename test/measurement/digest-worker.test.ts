import { closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DigestWorker } from '../../src/measurement/digest-worker-host.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const LARGE_BYTES = 96 * 1_048_576;

/** A sparse file of 96 MB: some tens of milliseconds of hashing on any machine. */
async function largeFile() {
  const cleanup = new AsyncDisposableStack();
  const { path } = cleanup.use(await temporaryFolder());
  const large = join(path, 'large');
  writeFileSync(large, '');
  truncateSync(large, LARGE_BYTES);
  const descriptor = openSync(large, 'r');
  cleanup.defer(() => {
    closeSync(descriptor);
  });
  return { descriptor, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

describe('DigestWorker', () => {
  it('starts its thread with the first file and ends it after ten seconds without one', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    await using worker = new DigestWorker(clock);
    await using file = await largeFile();
    expect(worker.running).toBe(false);

    await worker.sha256(file.descriptor, LARGE_BYTES, 'a');
    expect(worker.running).toBe(true);
    expect((await clock.nextWake()).toISOString()).toBe('2030-01-01T00:00:10.000Z');
    await clock.advance(10_000);
    expect(worker.running).toBe(false);
    expect(await worker.sha256(file.descriptor, LARGE_BYTES, 'a')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('keeps the thread while files come', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    await using worker = new DigestWorker(clock);
    await using file = await largeFile();
    await worker.sha256(file.descriptor, LARGE_BYTES, 'a');
    await clock.advance(9_000);
    await worker.sha256(file.descriptor, LARGE_BYTES, 'a');
    await clock.advance(9_000);
    expect(worker.running).toBe(true);
  });

  it('leaves the event loop free while it hashes', async () => {
    await using worker = new DigestWorker(new FakeClock('2030-01-01T00:00:00Z'));
    await using file = await largeFile();
    const done = new AbortController();
    const digest = worker.sha256(file.descriptor, LARGE_BYTES, 'a').finally(() => {
      done.abort();
    });
    let turns = 0;
    for (; !done.signal.aborted; turns++) await nextTurn();
    await digest;
    expect(turns).toBeGreaterThan(100);
  });

  it('does not let the file of one wait behind those of another', async () => {
    await using worker = new DigestWorker(new FakeClock('2030-01-01T00:00:00Z'));
    await using file = await largeFile();
    const order: string[] = [];
    const hash = async (name: string, bytes: number, lane: string): Promise<void> => {
      await worker.sha256(file.descriptor, bytes, lane).catch(() => {});
      order.push(name);
    };
    await Promise.all([
      hash('first of one', LARGE_BYTES, '1'),
      hash('second of one', LARGE_BYTES, '1'),
      hash('small of another', 1_000, '2'),
    ]);
    expect(order).toEqual(['small of another', 'first of one', 'second of one']);
  });

  it('fails what waits when it is closed', async () => {
    const worker = new DigestWorker(new FakeClock('2030-01-01T00:00:00Z'));
    await using file = await largeFile();
    const digest = worker.sha256(file.descriptor, LARGE_BYTES, 'a');
    const failure = digest.catch((error: unknown) => error);
    await worker[Symbol.asyncDispose]();
    expect(await failure).toMatchObject({ code: 'ATTESTATION_FAILED' });
    expect(worker.running).toBe(false);
  });
});
