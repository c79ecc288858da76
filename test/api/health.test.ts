import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { status, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, it } from 'vitest';
import type { Methods } from '../../src/wire/definitions.js';
import { FakeRooms } from '../fakes/fake-rooms.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

interface Health {
  Check(request: { service: string }): { status: string };
  List(request: object): { statuses: Record<string, { status: string }> };
  Watch(request: { service: string }): { status: string };
}

function client(path: string): WireClient<Health> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('grpc-health-check')), '../../proto');
  const loaded = loadSync('health/v1/health.proto', { includeDirs: [folder], enums: String, defaults: true });
  const methods = loaded['grpc.health.v1.Health'] as unknown as Record<
    string,
    MethodDefinition<object, object>
  >;
  return new WireClient<Health>(path, methods as unknown as Methods<Health>);
}

describe('grpc.health.v1', () => {
  it('is serving while the daemon can issue, as a whole and for the Workload API', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint.path);
    expect(await calls.unary('Check', { service: '' })).toEqual({ status: 'SERVING' });
    rooms.serving.set(false);
    expect(await calls.unary('Check', { service: 'SpiffeWorkloadAPI' })).toEqual({ status: 'NOT_SERVING' });
    expect((await calls.unary('List', {})).statuses).toEqual({
      '': { status: 'NOT_SERVING' },
      SpiffeWorkloadAPI: { status: 'NOT_SERVING' },
    });
  });

  it('does not know services of other names', async () => {
    await using endpoint = await openTestEndpoint(new FakeRooms());
    using calls = client(endpoint.path);
    expect(await calls.refused('Check', { service: 'envoy' })).toMatchObject({
      code: status.NOT_FOUND,
      details: 'no such service: envoy (call 1)',
    });
    const watch = calls.stream('Watch', { service: 'envoy' });
    expect(await watch.next()).toEqual({ status: 'SERVICE_UNKNOWN' });
    expect(await watch.isSilent()).toBe(true);
  });

  it('tells who watches of each change, and of nothing else', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint.path);
    const watch = calls.stream('Watch', { service: '' });
    expect(await watch.next()).toEqual({ status: 'SERVING' });
    rooms.serving.set(true);
    rooms.serving.set(false);
    expect(await watch.next()).toEqual({ status: 'NOT_SERVING' });
    rooms.stop.abort();
    expect(await watch.end()).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('asks nobody who they are', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    endpoint.process.now = 'changed';
    using calls = client(endpoint.path);
    expect(await calls.unary('Check', { service: '' })).toEqual({ status: 'SERVING' });
    expect(rooms.attestations).toBe(0);
  });
});
