import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { X509Source, type X509SourceOptions } from '../../src/client/x509-source.js';
import type { X509Context } from '../../src/client/x509-responses.js';
import { clause } from '../conformance/prove.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi, x509Message } from '../fakes/test-workload-api.js';

const DENIED = { status: status.PERMISSION_DENIED, details: 'no identity issued' };
const NEVER = new AbortController().signal;

interface Setting extends AsyncDisposable {
  readonly api: TestWorkloadApi;
  readonly authority: TestAuthority;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  open(options?: X509SourceOptions, signal?: AbortSignal): Promise<X509Source>;
  /** Lets time pass until `done`. */
  passUntil(done: () => boolean): Promise<void>;
}

/** A Workload API with one identity, and a clock that stands still; delays have no jitter. */
async function setting(): Promise<Setting> {
  const api = await TestWorkloadApi.open();
  const authority = await TestAuthority.open();
  api.answers.FetchX509SVID.set(x509Message(authority, [await authority.x509('/web')]));
  const clock = new FakeClock('2030-01-01T00:00:00Z');
  const log = new MemoryLog();
  return {
    api,
    authority,
    clock,
    log,
    open: (options, signal) =>
      X509Source.open({ endpoint: api.endpoint, clock, log, random: () => 0, ...options }, signal),
    passUntil: async (done) => {
      await expect.poll(() => clock.advance(1_000).then(done), { timeout: 10_000 }).toBe(true);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

describe('X509Source.open', () => {
  it('is ready with the first SVID', async () => {
    await using it = await setting();
    await using source = await it.open();
    expect(source.current.id.toString()).toBe('spiffe://example.org/web');
    expect(source.bundles.get(it.authority.trustDomain)?.x509Authorities).toEqual([it.authority.root.der]);
  });

  it('waits through PERMISSION_DENIED, with backoff, for an identity that comes later', async () => {
    await using it = await setting();
    const { value } = it.api.answers.FetchX509SVID.current;
    it.api.answers.FetchX509SVID.set(DENIED);
    const opening = it.open();
    for (const [calls, ms] of [
      [1, 100],
      [2, 200],
      [3, 400],
    ] as const) {
      await expect.poll(() => it.log.lines.length).toBe(calls);
      expect(it.api.calls).toHaveLength(calls);
      if (calls === 3) it.api.answers.FetchX509SVID.set(value);
      await it.clock.advance(ms - 1);
      expect(it.api.calls).toHaveLength(calls);
      await it.clock.advance(1);
    }
    await using source = await opening;
    expect(source.svids).toHaveLength(1);
    expect(it.log.lines.map((line) => line.split(' ')[0])).toEqual(['warn', 'debug', 'debug']);
  });

  it('gives up after its deadline, says why, and leaves nothing open', async () => {
    await using it = await setting();
    it.api.answers.FetchX509SVID.set(DENIED);
    const opening = it.open({ timeoutMs: 250 });
    opening.catch(() => {});
    await expect.poll(() => it.log.lines.length).toBe(1);
    await it.clock.advance(250);
    await expect(opening).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: 'no first value within 250 ms: FetchX509SVID: no identity issued',
      cause: { code: 'IDENTITY_NOT_ISSUED' },
    });
    expect(it.api.streams).toBe(0);
  });

  it('waits for a Workload API that is not there yet', async () => {
    await using it = await setting();
    await it.api.stop();
    const opening = it.open();
    await expect.poll(() => it.log.lines).toEqual(['warn the Workload API does not serve us; trying again']);
    await it.api.start();
    let opened = false;
    void opening.then(() => (opened = true));
    await it.passUntil(() => opened);
    await using source = await opening;
    expect(source.svids).toHaveLength(1);
  });

  it('fails at once, and asks no more, where the call is wrong or not offered', async () => {
    await using it = await setting();
    for (const [id, code, expected] of [
      ['WEP-6a', status.INVALID_ARGUMENT, 'ARGUMENT_INVALID'],
      ['WEP-6d', status.UNIMPLEMENTED, 'NOT_OFFERED'],
    ] as const) {
      it.api.calls.splice(0);
      it.api.answers.FetchX509SVID.set({ status: code, details: 'no' });
      await clause(id, async () => {
        await expect(it.open()).rejects.toMatchObject({ code: expected });
        await it.clock.advance(60_000);
        expect(it.api.calls).toHaveLength(1);
      });
    }
    expect(it.log.lines).toEqual(Array(2).fill('error the Workload API will not serve us; not trying again'));
  });

  it('stops waiting when the signal aborts', async () => {
    await using it = await setting();
    it.api.answers.FetchX509SVID.set(DENIED);
    const stop = new AbortController();
    const opening = it.open({}, stop.signal);
    await expect.poll(() => it.log.lines.length).toBe(1);
    stop.abort(new Error('the program ends'));
    await expect(opening).rejects.toThrow('the program ends');
  });

  it('names the variable when there is no endpoint', async () => {
    await expect(X509Source.open({ endpoint: 'tcp://localhost:1' })).rejects.toMatchObject({
      code: 'ENDPOINT_INVALID',
    });
  });
});

describe('X509Source', () => {
  it('takes over each newer SVID, and tells who listens', async () => {
    await using it = await setting();
    await using source = await it.open();
    const seen: string[] = [];
    const stop = new AbortController();
    const listening = listen(source.updates(stop.signal), ({ svids }) =>
      seen.push(svids[0]?.id.path ?? 'none'),
    );
    for (const path of ['/second', '/third']) {
      it.api.answers.FetchX509SVID.set(x509Message(it.authority, [await it.authority.x509(path)]));
      await expect.poll(() => source.current.id.path).toBe(path);
    }
    expect(seen).toEqual(['/web', '/second', '/third']);
    stop.abort();
    await listening;
  });

  it('opens the stream again at once when the server ends it, keeping the SVID', async () => {
    await using it = await setting();
    await using source = await it.open();
    await clause('WAPI-4.2a', async () => {
      expect(it.api.streams).toBe(1);
      it.api.hangUp();
      // No time passes: the clock stands still.
      await expect.poll(() => it.api.calls.length).toBe(2);
      await expect.poll(() => it.api.streams).toBe(1);
      expect(source.current.id.path).toBe('/web');
      expect(it.log.lines).toEqual([]);
    });
  });

  it('does not let a server that hangs up again and again keep it busy', async () => {
    await using it = await setting();
    await using source = await it.open();
    it.api.hangUp();
    await expect.poll(() => [it.api.calls.length, it.api.streams]).toEqual([2, 1]);
    it.api.hangUp();
    await it.clock.nextWake();
    expect(it.api.calls).toHaveLength(2);
    await it.clock.advance(100);
    await expect.poll(() => it.api.calls.length).toBe(3);
    expect(source.svids).toHaveLength(1);
  });

  it('keeps the last good SVID while the Workload API is away, warns once, and follows again after its restart', async () => {
    await using it = await setting();
    await using source = await it.open();
    await it.api.stop();
    await expect.poll(() => it.log.lines.length).toBeGreaterThan(0);
    for (let i = 0; i < 5; i += 1) await it.clock.advance(10_000);
    expect(source.current.id.path).toBe('/web');
    expect(it.log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);

    it.api.answers.FetchX509SVID.set(x509Message(it.authority, [await it.authority.x509('/after')]));
    await it.api.start();
    await it.passUntil(() => source.current.id.path === '/after');
    expect(it.api.streams).toBe(1);
  });

  it('stops using an identity that is withdrawn, until there is one again', async () => {
    await using it = await setting();
    await using source = await it.open();
    const { value } = it.api.answers.FetchX509SVID.current;
    it.api.answers.FetchX509SVID.set(DENIED);
    await clause('WAPI-5.2.1d', async () => {
      await expect.poll(() => source.svids).toEqual([]);
      expect(() => source.current).toThrow(expect.objectContaining({ code: 'IDENTITY_NOT_ISSUED' }));
      expect(source.bundles.size).toBe(0);
    });
    // Denied is an answer: unlike a stream that just ended, it is not asked for again at once.
    await it.clock.nextWake();
    expect(it.api.calls).toHaveLength(1);
    it.api.answers.FetchX509SVID.set(value);
    await it.passUntil(() => source.svids.length > 0);
    expect(source.current.id.path).toBe('/web');
  });

  it('keeps the last good SVID, and says so to who listens, when the Workload API will not serve it any more', async () => {
    await using it = await setting();
    await using source = await it.open();
    const listening = listen(source.updates(NEVER), () => {});
    it.api.answers.FetchX509SVID.set({ status: status.UNIMPLEMENTED });
    await expect(listening).rejects.toMatchObject({ code: 'NOT_OFFERED' });
    expect(source.current.id.path).toBe('/web');
  });

  it('presents the default identity, or the one that is picked', async () => {
    await using it = await setting();
    const [a, b] = await Promise.all([
      it.authority.x509('/a', {}, 'first'),
      it.authority.x509('/b', {}, 'second'),
    ]);
    it.api.answers.FetchX509SVID.set(x509Message(it.authority, [a, b]));
    await using first = await it.open();
    expect(first.current.id.path).toBe('/a');
    await using second = await it.open({ pick: (svids) => svids.find(({ hint }) => hint === 'second') });
    expect(second.current.id.path).toBe('/b');
    await using none = await it.open({ pick: () => undefined });
    expect(() => none.current).toThrow(/pick chose none/);
  });

  it('hangs up when it is closed, ends who listens, and closes twice in peace', async () => {
    await using it = await setting();
    const source = await it.open();
    const listening = listen(source.updates(NEVER), () => {});
    await source[Symbol.asyncDispose]();
    await listening;
    await source[Symbol.asyncDispose]();
    expect(source.closed.aborted).toBe(true);
    await expect.poll(() => it.api.streams).toBe(0);
  });
});

async function listen(
  updates: AsyncIterable<X509Context>,
  take: (context: X509Context) => void,
): Promise<void> {
  for await (const context of updates) take(context);
}
