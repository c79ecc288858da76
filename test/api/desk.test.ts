import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { workloadApiMethods, type WorkloadApi } from '../../src/wire/workload-api.js';
import { jwtSvid, x509Svid, x509View } from '../fakes/fake-documents.js';
import { FakeProcess, FakeRooms } from '../fakes/fake-rooms.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { header, WireClient } from '../fakes/wire-client.js';

const methods = workloadApiMethods();
const RPCS = Object.keys(methods) as (keyof WorkloadApi)[];

function client(endpoint: { readonly path: string }): WireClient<WorkloadApi> {
  return new WireClient(endpoint.path, methods);
}

describe('the desk', () => {
  it('gives log, record, metrics and client one number for one call', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    await calls.refused('FetchJWTSVID', { audience: ['a'] });
    const error = await calls.refused('FetchJWTSVID', { audience: ['a'] });

    expect(error.code).toBe(status.PERMISSION_DENIED);
    expect(error.details).toBe('no identity issued (call 2)');
    expect(error.metadata.get('spoor-call')).toEqual(['2']);
    expect(error.metadata.get('spoor-code')).toEqual(['IDENTITY_NOT_ISSUED']);
    expect(rooms.log.lines).toEqual(['warn call refused', 'warn call refused']);
    expect(rooms.log.fields[1]).toMatchObject({
      call: 2,
      method: '/SpiffeWorkloadAPI/FetchJWTSVID',
      code: 'IDENTITY_NOT_ISSUED',
      reason: 'no identity issued: no entry matches this process',
      pid: 4242,
      uid: 1000,
    });
    expect(rooms.recorded[1]).toEqual({
      call: 2,
      method: '/SpiffeWorkloadAPI/FetchJWTSVID',
      code: 'IDENTITY_NOT_ISSUED',
      pid: 4242,
      uid: 1000,
      instance: '0'.repeat(32),
    });
    expect(rooms.metrics.calls).toEqual(Array(2).fill('/SpiffeWorkloadAPI/FetchJWTSVID PERMISSION_DENIED'));
    expect(rooms.metrics.refusals).toEqual(['IDENTITY_NOT_ISSUED', 'IDENTITY_NOT_ISSUED']);
  });

  it.each(['FetchJWTSVID', 'FetchWITSVID'] as const)(
    'logs which SPIFFE ID was asked for in vain by %s, and does not tell the caller',
    async (rpc) => {
      const rooms = new FakeRooms();
      await using endpoint = await openTestEndpoint(rooms);
      using calls = client(endpoint);
      const spiffe_id = 'spiffe://example.org/other';
      const error = await calls.refused(rpc, { audience: ['a'], spiffe_id });
      expect(error.details).toBe('no identity issued (call 1)');
      expect(rooms.log.fields[0]).toMatchObject({
        reason: 'no identity issued: no entry makes it spiffe://example.org/other',
      });
    },
  );

  it('notes an answered call in the metrics only', async () => {
    const rooms = new FakeRooms();
    rooms.views.jwtSvids = [jwtSvid('/web')];
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    await calls.unary('FetchJWTSVID', { audience: ['a'] });
    expect(rooms.metrics.calls).toEqual(['/SpiffeWorkloadAPI/FetchJWTSVID OK']);
    expect([rooms.log.lines, rooms.recorded, rooms.metrics.refusals]).toEqual([[], [], []]);
    expect(endpoint.desk.openCalls).toBe(0);
  });

  it('times the first answer on each connection, once', async () => {
    const rooms = new FakeRooms();
    rooms.views.jwtSvids = [jwtSvid('/web')];
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    await calls.unary('FetchJWTSVID', { audience: ['a'] });
    await rooms.clock.advance(250);
    await calls.unary('FetchJWTSVID', { audience: ['a'] });
    using others = client(endpoint);
    await others.unary('FetchJWTSVID', { audience: ['a'] });
    expect(rooms.metrics.firsts).toEqual([expect.stringMatching(/^new /), expect.stringMatching(/^new /)]);
  });

  it('holds a process to its rate before anything is attested', async () => {
    const limits = { callsPerSecondPerUid: 100, callsPerSecondPerProcess: 2, streamsPerConnection: 100 };
    const rooms = new FakeRooms({ limits });
    rooms.views.jwtSvids = [jwtSvid('/web')];
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    for (let call = 0; call < 2; call += 1) await calls.unary('FetchJWTSVID', { audience: ['a'] });

    const error = await calls.refused('FetchJWTSVID', { audience: ['a'] });
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toBe('rate limit exceeded for /SpiffeWorkloadAPI/FetchJWTSVID (call 3)');
    expect(rooms.attestations).toBe(2);

    await rooms.clock.advance(500);
    await expect(calls.unary('FetchJWTSVID', { audience: ['a'] })).resolves.toBeDefined();
  });

  it('holds all processes of one uid together to a rate, and no other uid', async () => {
    const limits = { callsPerSecondPerUid: 3, callsPerSecondPerProcess: 100, streamsPerConnection: 100 };
    const rooms = new FakeRooms({ limits });
    rooms.views.jwtSvids = [jwtSvid('/web')];
    await using endpoint = await openTestEndpoint(rooms);
    for (const pid of [1, 2, 3]) {
      endpoint.process = new FakeProcess(pid, 1000);
      using calls = client(endpoint);
      await calls.unary('FetchJWTSVID', { audience: ['a'] });
    }
    endpoint.process = new FakeProcess(4, 1000);
    using fourth = client(endpoint);
    expect((await fourth.refused('FetchJWTSVID', { audience: ['a'] })).details).toMatch(
      /^rate limit exceeded/,
    );
    endpoint.process = new FakeProcess(5, 1001);
    using other = client(endpoint);
    await expect(other.unary('FetchJWTSVID', { audience: ['a'] })).resolves.toBeDefined();
  });

  it('measures the process again at every call', async () => {
    const rooms = new FakeRooms();
    rooms.views.jwtSvids = [jwtSvid('/web')];
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    await calls.unary('FetchJWTSVID', { audience: ['a'] });
    endpoint.process.now = 'changed';
    const error = await calls.refused('FetchJWTSVID', { audience: ['a'] });
    expect([error.code, error.details]).toEqual([status.UNAVAILABLE, 'workload attestation failed (call 2)']);
    expect(rooms.attestations).toBe(1);
    expect(rooms.log.fields[0]).toMatchObject({
      reason: 'the process that connected has become another program',
    });
  });

  it('measures the process once more when attestation took its time', async () => {
    const rooms = new FakeRooms();
    rooms.views.jwtSvids = [jwtSvid('/web')];
    const attested = Promise.withResolvers<void>();
    rooms.attestationPending = attested.promise;
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const refused = calls.refused('FetchJWTSVID', { audience: ['a'] });
    while (rooms.attestations === 0) await new Promise(setImmediate);
    endpoint.process.now = 'changed';
    attested.resolve();
    expect((await refused).details).toBe('workload attestation failed (call 1)');
  });

  it('refuses a call whose connection it does not know', async () => {
    const rooms = new FakeRooms({ peerOf: () => undefined });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const error = await calls.refused('FetchJWTSVID', { audience: ['a'] });
    expect([error.code, error.details]).toEqual([status.UNAVAILABLE, 'workload attestation failed (call 1)']);
    expect(rooms.recorded[0]).toEqual({
      call: 1,
      method: '/SpiffeWorkloadAPI/FetchJWTSVID',
      code: 'PEER_UNKNOWN',
    });
  });

  it('answers INTERNAL, and logs the error, when a room breaks', async () => {
    const rooms = new FakeRooms({
      attest: () => {
        throw new TypeError('a bug');
      },
    });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    for (const rpc of ['FetchX509SVID', 'FetchWITBundles'] as const) {
      const error = await calls.stream(rpc).end();
      expect([error.code, error.details.replace(/\d+/u, 'N')]).toEqual([
        status.INTERNAL,
        'internal error (call N)',
      ]);
    }
    expect(rooms.log.lines).toEqual(['error call failed', 'error call failed']);
    expect(rooms.log.fields[0]?.['error']).toBeInstanceOf(TypeError);
  });

  it('refuses what is no message with a number of its own, and not by grpc-js', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    for (const rpc of RPCS) {
      const error = await calls.refusedBytes(`/SpiffeWorkloadAPI/${rpc}`, Buffer.from('0a05616263', 'hex'));
      expect([error.code, error.details.replace(/\d+\)/u, 'N)')]).toEqual([
        status.INVALID_ARGUMENT,
        'the request is not a protobuf message: it ends too early (call N)',
      ]);
    }
    expect(rooms.log.fields.map(({ call }) => call)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('keeps a flood of refusals from flooding the log, and says how many it left out', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    for (let call = 0; call < 130; call += 1) await calls.refused('FetchJWTSVID', { audience: ['a'] });
    expect(rooms.log.lines.filter((line) => line.startsWith('warn')).length).toBe(100);
    expect(rooms.recorded.length).toBe(130);
    await rooms.clock.advance(1_000);
    await calls.refused('FetchJWTSVID', { audience: ['a'] });
    expect(rooms.log.fields.at(-1)).toMatchObject({ call: 131, unlogged: 30 });
  });

  it('takes a request that is longer than all limits for what it is', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const error = await calls.refused('ValidateJWTSVID', { audience: 'a', svid: 'x'.repeat(300_000) });
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('logs the facts of an error, and sends none of them', async () => {
    const rooms = new FakeRooms();
    rooms.attestationFailure = new SpoorError('ATTESTATION_FAILED', 'workload attestation failed', {
      facts: { failures: 'unix: /proc is not mounted' },
    });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const error = await calls.stream('FetchX509SVID').end();
    expect(error.details).toBe('workload attestation failed (call 1)');
    expect(rooms.log.fields[0]).toMatchObject({ failures: 'unix: /proc is not mounted' });
  });

  it('is not fooled by metadata that names a connection', async () => {
    const rooms = new FakeRooms();
    rooms.views.x509Cell.set(x509View([x509Svid('/web')]));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const metadata = header();
    metadata.set('x-forwarded-for', 'unix:9');
    metadata.set('remote-address', 'unix:9');
    await calls.stream('FetchX509SVID', {}, metadata).next();
    expect([...endpoint.desk.openByInstance().keys()][0]?.process).toBe(endpoint.process);
  });
});
