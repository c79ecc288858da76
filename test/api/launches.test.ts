import { openSync } from 'node:fs';
import { Server } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CallNumbers, Desk, type Surface } from '../../src/api/desk.js';
import { addLaunches } from '../../src/api/launches.js';
import { launchesMethods, type LaunchesService } from '../../src/wire/launches.js';
import { FakeLaunching } from '../fakes/fake-launching.js';
import { FakeProcess, FakeRooms } from '../fakes/fake-rooms.js';
import { TestDoor } from '../fakes/test-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = launchesMethods();

/** The service on one socket, with a program of uid 1000 and one of uid 1001. */
async function open(surface: Surface) {
  const cleanup = new AsyncDisposableStack();
  const launching = cleanup.use(new FakeLaunching());
  launching.definitions.set('sleeper', ['sleep', '60']);
  const rooms = new FakeRooms();
  const server = new Server();
  addLaunches(server, launching, Desk.open(rooms, surface, new CallNumbers()), surface);
  const door = cleanup.use(await TestDoor.open(server, rooms.peers));
  const calls = cleanup.use(new WireClient<LaunchesService>(door.path, methods));
  return {
    calls,
    launching,
    own: await launch(launching, 1000),
    foreign: await launch(launching, 1001),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function launch(launching: FakeLaunching, uid: number): Promise<string> {
  const stdio = [nothing(), nothing(), nothing()] as const;
  const request = { name: 'sleeper', args: [], env: {}, cwd: '/', detach: true, terminal: false, stdio };
  return (await launching.launch(request, new FakeProcess(4242, uid))).instance;
}

function nothing(): number {
  return openSync('/dev/null', 'r+');
}

describe('spoor.v1.Launches', () => {
  it('lists over the agent socket what the own uid launched', async () => {
    await using service = await open('agent');
    expect(await service.calls.unary('List', {})).toEqual({
      launches: [
        {
          instance: service.own,
          name: 'sleeper',
          pid: Number(service.own.slice(1)),
          uid: 1000,
          launched_by: 1000,
          detached: true,
          started_at: '2030-01-01T00:00:00.000Z',
          executable: '/usr/bin/node',
          script: '/opt/agents/researcher.mjs',
          restarts: 0,
          notes: [],
        },
      ],
      total: 1,
    });
  });

  it('lists everything over the admin socket', async () => {
    await using service = await open('admin');
    const { launches } = await service.calls.unary('List', {});
    expect(launches.map(({ instance }) => instance)).toEqual([service.own, service.foreign]);
  });

  it('stops over the agent socket what the own uid launched, and nothing else', async () => {
    await using service = await open('agent');
    const { calls, own, foreign } = service;
    await expect(calls.unary('Stop', { which: foreign, grace_ms: 1_000 })).rejects.toMatchObject({
      details: expect.stringContaining(`there is no instance ${foreign}`),
    });
    expect(await calls.unary('Stop', { which: 'sleeper', grace_ms: 1_000 })).toEqual({ instances: [own] });
    expect([...service.launching.running.keys()]).toEqual([foreign]);
  });

  it('stops whatever is named over the admin socket', async () => {
    await using service = await open('admin');
    const { instances } = await service.calls.unary('Stop', { which: 'sleeper', grace_ms: 1_000 });
    expect(instances).toEqual([service.own, service.foreign]);
  });

  it('takes no grace of more than ten minutes', async () => {
    await using service = await open('admin');
    await expect(service.calls.unary('Stop', { which: 'x', grace_ms: 600_001 })).rejects.toMatchObject({
      details: expect.stringContaining('at most 600000 ms are allowed'),
    });
  });
});
