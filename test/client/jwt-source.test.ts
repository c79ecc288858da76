import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { JwtSource } from '../../src/client/jwt-source.js';
import { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi } from '../fakes/test-workload-api.js';

const WEB = 'spiffe://example.org/web';
const MINUTE = 60_000;
const A = { audience: 'a' };

interface Setting extends AsyncDisposable {
  readonly api: TestWorkloadApi;
  readonly clock: FakeClock;
  readonly source: JwtSource;
  /** The next token that the Workload API gives; an hour from the test's clock, issued a minute before it. */
  give(jti: string): void;
  refuse(code: status): void;
  calls(): number;
}

async function setting(): Promise<Setting> {
  const api = await TestWorkloadApi.open();
  const authority = await TestAuthority.open();
  const clock = new FakeClock('2030-01-01T00:00:00Z');
  const source = await JwtSource.open({ endpoint: api.endpoint, clock, random: () => 0, timeoutMs: 500 });
  const give = (jti: string): void => {
    const now = Math.floor(clock.now().getTime() / 1000);
    const svid = authority.jwt({ claims: { jti, iat: now - 60, exp: now + 3540 } });
    api.answers.FetchJWTSVID.set({ message: { svids: [{ spiffe_id: WEB, svid, hint: '' }] } });
  };
  give('first');
  return {
    api,
    clock,
    source,
    give,
    refuse: (code) => api.answers.FetchJWTSVID.set({ status: code, details: 'as the test wants' }),
    calls: () => api.callsOf('FetchJWTSVID').length,
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

describe('JwtSource', () => {
  it('keeps a token until half of its life is over, then asks for another', async () => {
    await using it = await setting();
    const first = await it.source.fetch(A);
    expect(first.claims['jti']).toBe('first');
    it.give('second');
    await it.clock.advance(29 * MINUTE - 1);
    expect(await it.source.fetch(A)).toBe(first);
    expect(it.calls()).toBe(1);
    await it.clock.advance(1);
    expect((await it.source.fetch(A)).claims['jti']).toBe('second');
    expect(it.calls()).toBe(2);
  });

  it('keeps a token for each audience list and SPIFFE ID', async () => {
    await using it = await setting();
    const spiffeId = SpiffeId.parse(WEB);
    const requests = [A, { audience: ['a', 'b'] }, { audience: ['b', 'a'] }, { ...A, spiffeId }];
    for (const request of [...requests, ...requests]) await it.source.fetch(request);
    expect(it.calls()).toBe(4);
    await it.source.fetch({ audience: ['a'] });
    expect(it.calls()).toBe(4);
  });

  it('forgets the audience longest unused once it has a thousand', async () => {
    await using it = await setting();
    const fetchEach = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i += 1) await it.source.fetch({ audience: String(i) });
    };
    await fetchEach(0, 1_000);
    await it.source.fetch({ audience: '0' });
    await it.source.fetch({ audience: 'one too many' });
    expect(it.calls()).toBe(1_001);
    await it.source.fetch({ audience: '0' });
    expect(it.calls()).toBe(1_001);
    await it.source.fetch({ audience: '1' });
    expect(it.calls()).toBe(1_002);
  });

  it('asks once for many who want the same, and goes on when one of them gives up', async () => {
    await using it = await setting();
    const stop = new AbortController();
    const hasty = it.source.fetch(A, stop.signal);
    const patient = Array.from({ length: 50 }, () => it.source.fetch(A));
    stop.abort(new Error('the request was cancelled'));
    await expect(hasty).rejects.toThrow('the request was cancelled');
    expect(new Set(await Promise.all(patient)).size).toBe(1);
    expect(it.calls()).toBe(1);
  });

  it('serves the token that it keeps while a renewal fails, until that expires', async () => {
    await using it = await setting();
    const first = await it.source.fetch(A);
    it.refuse(status.UNAVAILABLE);
    await it.clock.advance(30 * MINUTE);
    expect(await it.source.fetch(A)).toBe(first);
    expect(it.calls()).toBe(2);
    // Not at every request: the Workload API is left alone for a second.
    expect(await it.source.fetch(A)).toBe(first);
    expect(it.calls()).toBe(2);
    await it.clock.advance(1_000);
    expect(await it.source.fetch(A)).toBe(first);
    expect(it.calls()).toBe(3);

    await it.clock.advance(29 * MINUTE);
    const failing = it.source.fetch(A);
    failing.catch(() => {});
    await expect.poll(() => it.calls()).toBe(4);
    await it.clock.nextWake();
    await it.clock.advance(100);
    await it.clock.nextWake();
    await it.clock.advance(200);
    await expect(failing).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' });
  });

  it('asks again, with backoff, until there is an identity', async () => {
    await using it = await setting();
    it.refuse(status.PERMISSION_DENIED);
    const fetching = it.source.fetch(A);
    await it.clock.nextWake();
    it.give('later');
    await it.clock.advance(100);
    expect((await fetching).claims['jti']).toBe('later');
    expect(it.calls()).toBe(2);
  });

  it('gives up at once where the call is wrong, and when the identity is withdrawn', async () => {
    await using it = await setting();
    await it.source.fetch(A);
    it.refuse(status.INVALID_ARGUMENT);
    await expect(it.source.fetch({ audience: '' })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    it.refuse(status.UNIMPLEMENTED);
    await expect(it.source.fetch({ audience: 'b' })).rejects.toMatchObject({ code: 'NOT_OFFERED' });
    await it.clock.advance(30 * MINUTE);
    it.refuse(status.PERMISSION_DENIED);
    await expect(it.source.fetch(A)).rejects.toMatchObject({ code: 'IDENTITY_NOT_ISSUED' });
    expect(it.calls()).toBe(4);
  });

  it('tells who listens of each new token', async () => {
    await using it = await setting();
    const stop = new AbortController();
    const updates = it.source.updates(A, stop.signal);
    expect((await updates.next()).value?.claims['jti']).toBe('first');
    it.give('second');
    const second = updates.next();
    expect((await it.clock.nextWake()).toISOString()).toBe('2030-01-01T00:29:00.000Z');
    await it.clock.advance(29 * MINUTE);
    expect((await second).value?.claims['jti']).toBe('second');
    const none = updates.next();
    await it.clock.nextWake();
    stop.abort();
    expect((await none).done).toBe(true);
  });

  it('is of no use once it is closed, and says so to who waits', async () => {
    await using it = await setting();
    it.refuse(status.UNAVAILABLE);
    const waiting = it.source.fetch(A);
    waiting.catch(() => {});
    await it.clock.nextWake();
    await it.source[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'STOPPING' });
    await expect(it.source.fetch(A)).rejects.toMatchObject({ code: 'STOPPING' });
  });
});
