import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { EntrySet } from '../../src/entries/entry-set.js';
import { isPresented } from '../../src/api/presented.js';
import { explainMethods, type ExplainService } from '../../src/wire/explain.js';
import { AdminEndpoint } from '../fakes/admin-endpoint.js';
import { FakeProcess, FakeRooms } from '../fakes/fake-rooms.js';
import { anEntry } from '../fakes/issuance-room.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = explainMethods();

function client(endpoint: { readonly path: string }): WireClient<ExplainService> {
  return new WireClient(endpoint.path, methods);
}

describe('explain', () => {
  it('walks the rooms for the caller itself, and says what it is', async () => {
    const rooms = new FakeRooms();
    const entries = [anEntry('web', { hint: 'h' }), anEntry('root', { selectors: ['unix:uid:0'] })];
    rooms.entries.set(EntrySet.of(entries, rooms.trustDomain));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    expect(await calls.unary('Explain', { pid: 0 })).toEqual({
      process: {
        pid: 4242,
        uid: 1000,
        gid: 1000,
        path: '/usr/bin/web',
        level: 'connected',
        instance: '0'.repeat(32),
        foreign_user_namespace: false,
      },
      steps: [
        { room: 'door', outcome: 'passed', detail: 'it has connected' },
        {
          room: 'desk',
          outcome: 'passed',
          detail: 'whoever sends the security header within the rate is let in',
        },
        { room: 'attestation', outcome: 'passed', detail: '1 attestor asked' },
        { room: 'entries', outcome: 'passed', detail: '1 of 2 entries hold' },
        { room: 'issuance', outcome: 'passed', detail: 'one SVID of each kind' },
      ],
      outcomes: [{ attestor: 'unix', selectors: ['unix:uid:1000', 'unix:path:/usr/bin/web'], failure: '' }],
      selectors: ['unix:path:/usr/bin/web', 'unix:uid:1000'],
      presented: ['unix:path:/usr/bin/web'],
      matches: [{ id: 'web', spiffe_id: 'spiffe://example.org/web', hint: 'h' }],
      refused: [],
      nearest: [],
      verdict: 'it is spiffe://example.org/web',
      launch: null,
      descent: null,
    });
  });

  it('names the nearest entries, and what each lacks, when none holds', async () => {
    const rooms = new FakeRooms();
    const entries = [
      anEntry('far', { selectors: ['unix:uid:0', 'unix:gid:0'] }),
      anEntry('near', { selectors: ['unix:uid:1000', 'unix:gid:7'] }),
    ];
    rooms.entries.set(EntrySet.of(entries, rooms.trustDomain));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const answer = await calls.unary('Explain', { pid: 4242 });
    expect(answer.nearest[0]).toEqual({
      id: 'near',
      spiffe_id: 'spiffe://example.org/near',
      missing: ['unix:gid:7'],
    });
    expect(answer.steps.at(-1)).toEqual({
      room: 'entries',
      outcome: 'refused',
      detail: 'none of 2 entries holds',
    });
    expect(answer.verdict).toBe('its calls are answered PERMISSION_DENIED: no identity issued');
  });

  it('says why an entry that holds cannot be used', async () => {
    const rooms = new FakeRooms();
    const spiffeId = 'spiffe://example.org/{unix.group}';
    rooms.entries.set(EntrySet.of([anEntry('templated', { spiffeId })], rooms.trustDomain));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const { refused, steps } = await calls.unary('Explain', { pid: 0 });
    expect(refused.map(({ id }) => id)).toEqual(['templated']);
    expect(refused[0]?.reason).not.toBe('');
    expect(steps.at(-1)?.detail).toBe('none of 1 entries holds; 1 would hold but cannot be used');
  });

  it('tells over the agent socket only of processes of the caller’s own uid', async () => {
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    rooms.peers.set('other', { connection: 99, process: new FakeProcess(7, 0), acceptedMs: 0 });
    using calls = client(endpoint);
    const error = await calls.refused('Explain', { pid: 7 });
    expect([error.code, error.details]).toEqual([
      status.PERMISSION_DENIED,
      'process 7 is not of uid 1000: only the admin socket explains it (call 1)',
    ]);
    expect(error.metadata.get('spoor-remedy')[0]).toMatch(/^Run the command as/u);
    expect(await calls.refused('Explain', { pid: 8 })).toMatchObject({ code: status.NOT_FOUND });
    expect(await calls.refused('Explain', { pid: -1 })).toMatchObject({ code: status.NOT_FOUND });
  });

  it('tells over the admin socket of every process, with its instance', async () => {
    await using endpoint = await AdminEndpoint.open();
    const { rooms } = endpoint;
    const peer = { connection: 99, process: new FakeProcess(7, 0), acceptedMs: 0 };
    rooms.peers.set('other', peer);
    const { id } = rooms.instanceOf(peer);
    using calls = client(endpoint);
    expect((await calls.unary('Explain', { pid: 7 })).process).toMatchObject({
      pid: 7,
      uid: 0,
      instance: id,
    });
  });
});

describe('isPresented', () => {
  it('holds for what an unprivileged process can choose, and for a cgroup that is not root’s word', () => {
    const all = ['process:cgroup:/a', 'process:cgroup_writable:true'];
    for (const selector of [
      'unix:path:/x',
      'unix:sha256:00',
      'process:ancestor_path:/x',
      'process:ancestor_sha256:0',
    ]) {
      expect(isPresented(selector, all)).toBe(true);
    }
    for (const selector of [
      'unix:uid:0',
      'unix:user:a',
      'unix:supplementary_gid:0',
      'process:cgroup_writable:true',
      'script:path:/x',
      'script:sha256:00',
      'launch:name:unix:path:/x',
    ]) {
      expect(isPresented(selector, all)).toBe(false);
    }
    expect(isPresented('process:cgroup:/a', all)).toBe(true);
    expect(isPresented('process:cgroup:/a', ['process:cgroup_writable:false'])).toBe(false);
  });
});
