import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { WorkloadApiClient } from '../../src/client/workload-api-client.js';
import { writeJwks } from '../../src/spiffe/bundle-document.js';
import type { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import type { X509SVID, X509SVIDResponse } from '../../src/wire/workload-api.js';
import { clause } from '../conformance/prove.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi, x509Message } from '../fakes/test-workload-api.js';

const NEVER = new AbortController().signal;
const ORG = 'spiffe://example.org';

async function firstOf<T>(stream: AsyncIterable<T>): Promise<T> {
  for await (const value of stream) return value;
  throw new Error('the stream ended without a value');
}

/** Answers every RPC well, for one identity of one trust domain. */
async function answerAll(api: TestWorkloadApi, authority: TestAuthority): Promise<void> {
  const web = await authority.x509('/web');
  const { token, key } = authority.wit();
  const spiffe_id = `${ORG}/web`;
  const jwks = (use?: 'wit-svid'): string =>
    writeJwks(use ? authority.bundle.witAuthorities : authority.bundle.jwtAuthorities, use);
  api.answers.FetchX509SVID.set(x509Message(authority, [web]));
  api.answers.FetchX509Bundles.set({ message: { crl: [], bundles: { [ORG]: authority.root.der } } });
  api.answers.FetchJWTSVID.set({ message: { svids: [{ spiffe_id, svid: authority.jwt(), hint: '' }] } });
  api.answers.FetchJWTBundles.set({ message: { bundles: { [ORG]: Buffer.from(jwks()) } } });
  const claims = { fields: { sub: { stringValue: spiffe_id }, exp: { numberValue: 1_900_000_000 } } };
  api.answers.ValidateJWTSVID.set({ message: { spiffe_id, claims } });
  const witKey = JSON.stringify(key.export({ format: 'jwk' }));
  api.answers.FetchWITSVID.set({
    message: { svids: [{ spiffe_id, wit_svid: token, wit_svid_key: witKey, hint: 'main' }] },
  });
  api.answers.FetchWITBundles.set({ message: { bundles: { [ORG]: jwks('wit-svid') } } });
}

async function opened(): Promise<
  { api: TestWorkloadApi; client: WorkloadApiClient; log: MemoryLog } & AsyncDisposable
> {
  const api = await TestWorkloadApi.open();
  const log = new MemoryLog();
  const client = WorkloadApiClient.open({ endpoint: api.endpoint, log });
  const close = async (): Promise<void> => {
    await client[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  };
  return { api, client, log, [Symbol.asyncDispose]: close };
}

/** Has the Workload API send a broken message and then a whole one, and gives what the log says of the first. */
async function discarded(
  { api, client, log }: { api: TestWorkloadApi; client: WorkloadApiClient; log: MemoryLog },
  broken: X509SVIDResponse,
  whole: X509SVIDResponse,
): Promise<unknown> {
  api.answers.FetchX509SVID.set({ message: broken });
  const first = firstOf(client.fetchX509Svid(NEVER));
  await expect.poll(() => log.lines.splice(0)).toEqual(['error a message of the Workload API was discarded']);
  api.answers.FetchX509SVID.set({ message: whole });
  expect((await first).svids).toHaveLength(1);
  return log.fields.splice(0)[0]?.['error'];
}

describe('WorkloadApiClient', () => {
  it('makes all seven calls, each with the security header', async () => {
    await using it = await opened();
    const authority = await TestAuthority.open();
    await answerAll(it.api, authority);
    const { client, api } = it;

    const { svids, bundles } = await firstOf(client.fetchX509Svid(NEVER));
    expect(svids.map(({ id }) => id.toString())).toEqual([`${ORG}/web`]);
    expect(bundles.get(authority.trustDomain)?.x509Authorities).toEqual([authority.root.der]);
    const x509 = await firstOf(client.fetchX509Bundles(NEVER));
    expect(x509.get(authority.trustDomain)?.x509Authorities).toEqual([authority.root.der]);
    const [jwt] = await client.fetchJwtSvid({ audience: 'test-audience' }, NEVER);
    expect(jwt?.audience).toEqual(['test-audience']);
    const jwtBundles = await firstOf(client.fetchJwtBundles(NEVER));
    expect([...(jwtBundles.get(authority.trustDomain)?.jwtAuthorities.keys() ?? [])]).toEqual(['jwt-key-1']);
    await clause('WAPI-6.3a', async () => {
      const validated = await client.validateJwtSvid(authority.jwt(), 'test-audience', NEVER);
      expect(validated.id.toString()).toBe(`${ORG}/web`);
      expect(validated.claims).toEqual({ sub: `${ORG}/web`, exp: 1_900_000_000 });
    });
    const [wit] = await firstOf(client.fetchWitSvid({}, NEVER));
    expect(wit?.svid.hint).toBe('main');
    const witBundles = await firstOf(client.fetchWitBundles(NEVER));
    expect([...(witBundles.get(authority.trustDomain)?.witAuthorities.keys() ?? [])]).toEqual(['wit-key-1']);

    clause('WEP-3b', () => {
      expect(new Set(api.calls.map(({ rpc }) => rpc))).toEqual(new Set(Object.keys(api.answers)));
      for (const { metadata } of api.calls) expect(metadata.get('workload.spiffe.io')).toEqual(['true']);
    });
  });

  it('finds a Workload API over TCP, and at a path that must be percent-encoded', async () => {
    const authority = await TestAuthority.open();
    await using tcp = await TestWorkloadApi.open('tcp');
    await using unix = await TestWorkloadApi.open('unix', 'my agent é%20.sock');
    expect([tcp.endpoint, unix.endpoint]).toEqual([
      expect.stringMatching(/^tcp:/),
      expect.stringMatching(/%2520\.sock$/),
    ]);
    for (const api of [tcp, unix]) {
      await answerAll(api, authority);
      await using client = WorkloadApiClient.open({ endpoint: api.endpoint });
      expect((await firstOf(client.fetchX509Svid(NEVER))).svids).toHaveLength(1);
    }
  });

  it('hangs up a stream that nobody reads on', async () => {
    await using it = await opened();
    await answerAll(it.api, await TestAuthority.open());
    await firstOf(it.client.fetchX509Svid(NEVER));
    await expect.poll(() => it.api.streams).toBe(0);
  });

  it('sends the audiences and the SPIFFE ID that are asked for', async () => {
    await using it = await opened();
    const authority = await TestAuthority.open();
    await answerAll(it.api, authority);
    const [svid] = (await firstOf(it.client.fetchX509Svid(NEVER))).svids;
    await it.client.fetchJwtSvid({ audience: ['a', 'b'], ...(svid && { spiffeId: svid.id }) }, NEVER);
    expect(it.api.callsOf('FetchJWTSVID').map(({ request }) => request)).toEqual([
      { audience: ['a', 'b'], spiffe_id: `${ORG}/web` },
    ]);
  });

  it('gives each message as the whole state: what it leaves out is gone', async () => {
    await using it = await opened();
    const [authority, other] = await Promise.all([TestAuthority.open(), TestAuthority.open('other.test')]);
    const [web, api] = await Promise.all([authority.x509('/web'), authority.x509('/api')]);
    it.api.answers.FetchX509SVID.set(x509Message(authority, [web, api], [other]));
    const stream = it.client.fetchX509Svid(NEVER)[Symbol.asyncIterator]();

    await clause('WAPI-4.4a', async () => {
      const before = (await stream.next()).value;
      expect(before.svids).toHaveLength(2);
      expect([...before.bundles].map(({ trustDomain }) => trustDomain.name)).toEqual([
        'other.test',
        'example.org',
      ]);
      it.api.answers.FetchX509SVID.set(x509Message(authority, [api]));
      const after = (await stream.next()).value;
      expect(after.svids.map(({ id }: { id: SpiffeId }) => id.toString())).toEqual([`${ORG}/api`]);
      expect(after.bundles.get(TrustDomain.parse('other.test'))).toBeUndefined();
    });
    await stream.return?.();
  });

  it('takes the first of two identities with one hint, and all that have none', async () => {
    await using it = await opened();
    const authority = await TestAuthority.open();
    const [a, b, c, d] = await Promise.all([
      authority.x509('/a', {}, 'main'),
      authority.x509('/b', {}, 'main'),
      authority.x509('/c'),
      authority.x509('/d'),
    ]);
    it.api.answers.FetchX509SVID.set(x509Message(authority, [a, b, c, d]));
    const { svids } = await firstOf(it.client.fetchX509Svid(NEVER));
    expect(svids.map(({ id }) => id.path)).toEqual(['/a', '/c', '/d']);
  });

  it('reports a message that lacks a mandatory field, discards it, and goes on', async () => {
    await using it = await opened();
    const authority = await TestAuthority.open();
    const whole = x509Message(authority, [await authority.x509('/web')]);
    const [svid] = whole.message.svids;

    await clause('WAPI-4.5b', async () => {
      for (const field of ['spiffe_id', 'x509_svid', 'x509_svid_key', 'bundle'] as const) {
        const broken = { ...svid, [field]: field === 'spiffe_id' ? '' : Buffer.alloc(0) } as X509SVID;
        const error = await discarded(it, { ...whole.message, svids: [broken] }, whole.message);
        expect(error).toMatchObject({ code: 'RESPONSE_INVALID', facts: { field } });
      }
      const error = await discarded(it, { ...whole.message, svids: [] }, whole.message);
      expect(error).toMatchObject({ code: 'RESPONSE_INVALID', facts: { field: 'svids' } });
    });
  });

  it('refuses a single answer that lacks a mandatory field, or is about another identity', async () => {
    await using it = await opened();
    const svid = (await TestAuthority.open()).jwt();
    const ask = (): Promise<unknown> => it.client.fetchJwtSvid({ audience: 'a' }, NEVER);
    const validate = (): Promise<unknown> => it.client.validateJwtSvid(svid, 'a', NEVER);
    await clause('WAPI-4.5b', async () => {
      const identities = [
        { spiffe_id: '', svid },
        { spiffe_id: `${ORG}/web`, svid: '' },
        { spiffe_id: `${ORG}/api`, svid },
      ];
      for (const svids of [[], ...identities.map((one) => [{ ...one, hint: '' }])]) {
        it.api.answers.FetchJWTSVID.set({ message: { svids } });
        await expect(ask()).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
      }
      for (const message of [
        { spiffe_id: `${ORG}/web`, claims: null },
        { spiffe_id: '', claims: { fields: {} } },
      ]) {
        it.api.answers.ValidateJWTSVID.set({ message });
        await expect(validate()).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
      }
    });
  });

  it('discards a message whose parts do not belong together', async () => {
    await using it = await opened();
    const authority = await TestAuthority.open();
    const [web, other] = await Promise.all([authority.x509('/web'), authority.x509('/other')]);
    const { message } = x509Message(authority, [web]);
    const [svid] = message.svids;
    const wrong = [
      { spiffe_id: `${ORG}/other` },
      { x509_svid_key: other.pkcs8 },
      { x509_svid: Buffer.from('nonsense') },
      { bundle: Buffer.from('nonsense') },
    ];
    for (const part of wrong) {
      const error = await discarded(it, { ...message, svids: [{ ...svid, ...part } as X509SVID] }, message);
      expect(error).toMatchObject({ code: 'RESPONSE_INVALID', facts: { method: 'FetchX509SVID' } });
    }
  });

  it('reports a federated bundle that cannot be read, and trusts the rest', async () => {
    await using it = await opened();
    const authority = await TestAuthority.open();
    const { message } = x509Message(authority, [await authority.x509('/web')]);
    const federated_bundles = { 'spiffe://broken.test': Buffer.from('nonsense') };
    it.api.answers.FetchX509SVID.set({ message: { ...message, federated_bundles } });
    const { bundles } = await firstOf(it.client.fetchX509Svid(NEVER));
    expect([...bundles].map(({ trustDomain }) => trustDomain.name)).toEqual(['example.org']);
    expect(it.log.lines).toEqual(['warn a bundle cannot be read; its trust domain is not trusted']);
  });

  it('says for each status what it means', async () => {
    await using it = await opened();
    const codes = {
      [status.INVALID_ARGUMENT]: 'ARGUMENT_INVALID',
      [status.PERMISSION_DENIED]: 'IDENTITY_NOT_ISSUED',
      [status.UNIMPLEMENTED]: 'NOT_OFFERED',
      [status.UNAVAILABLE]: 'DAEMON_UNREACHABLE',
      [status.RESOURCE_EXHAUSTED]: 'RATE_EXCEEDED',
      [status.INTERNAL]: 'DAEMON_UNREACHABLE',
    };
    for (const [code, expected] of Object.entries(codes)) {
      const refusal = { status: Number(code), details: 'as the test wants' };
      it.api.answers.FetchX509SVID.set(refusal);
      it.api.answers.FetchJWTSVID.set(refusal);
      const error = { code: expected, message: expect.stringContaining('as the test wants') };
      await expect(firstOf(it.client.fetchX509Svid(NEVER))).rejects.toMatchObject(error);
      await expect(it.client.fetchJwtSvid({ audience: 'a' }, NEVER)).rejects.toMatchObject(error);
    }
    await it.api.stop();
    await expect(firstOf(it.client.fetchX509Svid(NEVER))).rejects.toMatchObject({
      code: 'DAEMON_UNREACHABLE',
    });
  });

  it('ends streams when the signal aborts and when it is closed, and hangs up', async () => {
    await using it = await opened();
    await answerAll(it.api, await TestAuthority.open());
    const stop = new AbortController();
    const stream = it.client.fetchX509Svid(stop.signal)[Symbol.asyncIterator]();
    await stream.next();
    stop.abort();
    expect(await stream.next()).toMatchObject({ done: true });
    const other = it.client.fetchX509Svid(NEVER)[Symbol.asyncIterator]();
    await other.next();
    await it.client[Symbol.asyncDispose]();
    expect(await other.next()).toMatchObject({ done: true });
    await expect.poll(() => it.api.streams).toBe(0);
    await expect(it.client.fetchJwtSvid({ audience: 'a' }, NEVER)).rejects.toMatchObject({
      code: 'STOPPING',
    });
  });
});
