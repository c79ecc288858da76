import { setImmediate as nextTurn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { workloadApiMethods, type WorkloadApi } from '../../src/wire/workload-api.js';
import { x509Svid, x509View } from '../fakes/fake-documents.js';
import { FakeRooms } from '../fakes/fake-rooms.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = workloadApiMethods();

function client(endpoint: { readonly path: string }): WireClient<WorkloadApi> {
  return new WireClient(endpoint.path, methods);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

/** Rooms in which the caller is `web`. */
function roomsOfWeb(): FakeRooms {
  const rooms = new FakeRooms();
  rooms.views.x509Cell.set(x509View([x509Svid('/web')]));
  return rooms;
}

describe('a stream', () => {
  it('sends what there is at once, and again whenever it is replaced', async () => {
    const rooms = roomsOfWeb();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    expect((await messages.next()).svids.map(({ spiffe_id }) => spiffe_id)).toEqual([
      'spiffe://example.org/web',
    ]);

    rooms.views.x509Cell.set(x509View([x509Svid('/web'), x509Svid('/web-2')]));
    expect((await messages.next()).svids.length).toBe(2);
    expect(rooms.attestations).toBe(2);
    expect(rooms.metrics.calls).toEqual([]);
  });

  it('waits for views that take their time', async () => {
    const rooms = roomsOfWeb();
    rooms.views.slow = true;
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    expect((await messages.next()).svids.length).toBe(1);
    rooms.views.x509Cell.set(x509View([x509Svid('/web'), x509Svid('/web-2')]));
    expect((await messages.next()).svids.length).toBe(2);
  });

  it('skips to the newest state for a slow reader, and queues nothing', async () => {
    const rooms = roomsOfWeb();
    const large = Buffer.alloc(200_000, 7);
    rooms.views.x509Cell.set(x509View([x509Svid('/web-0')], large));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    expect((await messages.next()).svids[0]?.spiffe_id).toBe('spiffe://example.org/web-0');

    // Nobody reads from here on: the window of HTTP/2 holds 64 KB, a message 200.
    messages.pause();
    for (let version = 1; version <= 500; version += 1) {
      rooms.views.x509Cell.set(x509View([x509Svid(`/web-${version}`)], large));
      await nextTurn();
    }
    const attested = rooms.attestations;
    const seen = [];
    do seen.push((await messages.next()).svids[0]?.spiffe_id);
    while (seen.at(-1) !== 'spiffe://example.org/web-500');
    // Some 16 lie ready in grpc-js on the client's side; the server has one.
    expect(seen.length).toBeLessThan(25);
    expect(attested).toBeLessThan(25);
  });

  it('gives back what it holds when the caller hangs up, and refuses nobody for it', async () => {
    const rooms = roomsOfWeb();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    await messages.next();
    expect([rooms.views.held, endpoint.desk.openCalls]).toEqual([1, 1]);

    messages.cancel();
    await until(() => endpoint.desk.openCalls === 0);
    expect(rooms.views.held).toBe(0);
    expect(rooms.metrics.calls).toEqual(['/SpiffeWorkloadAPI/FetchX509SVID CANCELLED']);
    expect([rooms.log.lines, rooms.recorded]).toEqual([[], []]);
  });

  it('gives back what it holds when the whole connection breaks', async () => {
    const rooms = roomsOfWeb();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const streams = Array.from({ length: 20 }, () => calls.stream('FetchX509SVID'));
    await Promise.all(streams.map((messages) => messages.next()));
    expect(rooms.views.held).toBe(20);
    calls[Symbol.dispose]();
    for (const messages of streams) messages.cancel();
    await until(() => endpoint.desk.openCalls === 0);
    expect(rooms.views.held).toBe(0);
  });

  it('takes nothing from the views for a caller that hung up while it was attested', async () => {
    const rooms = roomsOfWeb();
    const attested = Promise.withResolvers<void>();
    rooms.attestationPending = attested.promise;
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    await until(() => rooms.attestations === 1);
    messages.cancel();
    // Answered behind the hang-up, on the same connection.
    await calls.refused('FetchJWTSVID', {});
    attested.resolve();
    await until(() => endpoint.desk.openCalls === 0);
    expect([rooms.views.held, rooms.views.reads]).toEqual([0, 0]);
  });

  it('refuses nobody when what it waits for fails after the caller has hung up', async () => {
    const rooms = roomsOfWeb();
    const attested = Promise.withResolvers<void>();
    rooms.attestationPending = attested.promise;
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    const cancelled = calls.cancelled('FetchJWTSVID', { audience: ['a'] }, () => rooms.attestations === 2);
    await until(() => rooms.attestations === 2);
    messages.cancel();
    await cancelled;
    await calls.refused('FetchJWTSVID', {});
    attested.reject(new SpoorError('ATTESTATION_FAILED', 'workload attestation failed'));
    await until(() => endpoint.desk.openCalls === 0);
    expect(rooms.metrics.calls.slice(1).toSorted()).toEqual([
      '/SpiffeWorkloadAPI/FetchJWTSVID CANCELLED',
      '/SpiffeWorkloadAPI/FetchX509SVID CANCELLED',
    ]);
    expect(rooms.recorded.length).toBe(1);
  });

  it('of X509-SVIDs says again what it said when the view was replaced, as the SPIRE agent does', async () => {
    const rooms = roomsOfWeb();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    const first = await messages.next();
    rooms.views.x509Cell.set(x509View([x509Svid('/web')]));
    expect(await messages.next()).toEqual(first);
  });

  it('waits for its turn when its connection has as many as are allowed', async () => {
    const rooms = new FakeRooms({
      limits: { callsPerSecondPerUid: 1e6, callsPerSecondPerProcess: 1e6, streamsPerConnection: 3 },
    });
    rooms.views.x509Cell.set(x509View([x509Svid('/web')]));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const streams = Array.from({ length: 3 }, () => calls.stream('FetchX509SVID'));
    await Promise.all(streams.map((messages) => messages.next()));
    expect(await calls.stream('FetchX509SVID').isSilent()).toBe(true);
    expect(endpoint.desk.openCalls).toBe(3);
  });

  it('ends with UNAVAILABLE when the daemon stops, so that clients reconnect, and refuses nobody for it', async () => {
    const rooms = roomsOfWeb();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    await messages.next();
    rooms.stop.abort();
    const error = await messages.end();
    expect([error.code, error.details]).toEqual([status.UNAVAILABLE, 'the daemon is stopping (call 1)']);
    expect([rooms.log.lines, rooms.recorded, rooms.views.held]).toEqual([[], [], 0]);
    expect((await calls.stream('FetchX509SVID').end()).details).toBe('the daemon is stopping (call 2)');
  });

  it('says that the daemon stops also when that is why attestation failed', async () => {
    const rooms = roomsOfWeb();
    const attested = Promise.withResolvers<void>();
    rooms.attestationPending = attested.promise;
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const stream = calls.stream('FetchX509SVID').end();
    const unary = calls.refused('FetchJWTSVID', { audience: ['a'] });
    await until(() => rooms.attestations === 2);
    rooms.stop.abort();
    attested.reject(new SpoorError('DEADLINE_EXCEEDED', 'attestation was aborted'));
    expect((await stream).details).toMatch(/^the daemon is stopping/u);
    expect((await unary).details).toMatch(/^the daemon is stopping/u);
  });

  it.each(['changed', 'gone'] as const)(
    'ends with PERMISSION_DENIED when its process is %s',
    async (standing) => {
      const rooms = roomsOfWeb();
      await using endpoint = await openTestEndpoint(rooms);
      using calls = client(endpoint);
      const messages = calls.stream('FetchX509SVID');
      await messages.next();
      endpoint.process.now = standing;
      rooms.views.x509Cell.set(x509View([x509Svid('/web')]));
      const error = await messages.end();
      expect([error.code, error.details]).toEqual([status.PERMISSION_DENIED, 'no identity issued (call 1)']);
      expect(rooms.log.fields[0]?.['reason']).toMatch(
        /^no identity issued any more: the process that connected/u,
      );
      expect(rooms.views.held).toBe(0);
    },
  );

  it('ends with UNAVAILABLE when a renewal fails, and gives back what it holds', async () => {
    const rooms = roomsOfWeb();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    await messages.next();
    rooms.attestationFailure = new SpoorError('ATTESTATION_FAILED', 'workload attestation failed');
    rooms.views.x509Cell.set(x509View([x509Svid('/web')]));
    expect((await messages.end()).code).toBe(status.UNAVAILABLE);
    expect(rooms.views.held).toBe(0);
  });

  it('leaves nothing behind on a snapshot that outlives them', async () => {
    const rooms = roomsOfWeb();
    const { current } = rooms.views.x509Cell;
    let listeners = 0;
    const onReplaced = current.onReplaced.bind(current);
    current.onReplaced = (listener) => {
      listeners += 1;
      const forget = onReplaced(listener);
      return () => {
        listeners -= 1;
        forget();
      };
    };
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    for (let round = 0; round < 5; round += 1) {
      const streams = Array.from({ length: 50 }, () => calls.stream('FetchX509SVID'));
      await Promise.all(streams.map((messages) => messages.next()));
      expect(listeners).toBe(50);
      for (const messages of streams) messages.cancel();
      await until(() => endpoint.desk.openCalls === 0);
      expect(listeners).toBe(0);
    }
  });
});
