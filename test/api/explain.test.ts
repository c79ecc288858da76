import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { EntrySet } from '../../src/entries/entry-set.js';
import type { Entry } from '../../src/entries/entry.js';
import { isPresented } from '../../src/api/presented.js';
import type { Descent } from '../../src/instances/instance.js';
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

const AGENT = anEntry('agent', { selectors: ['launch:name:researcher'] });
const OF_UID = anEntry('uid', { selectors: ['unix:uid:1000'] });
const DESCENT: Descent = {
  instance: 'f00d',
  name: 'researcher',
  pid: 7,
  by: 'cgroup',
  parentSelectors: ['launch:name:researcher', 'unix:uid:1000'],
};

/** What is said of a descendant of a launched process, whose executable is called web. */
async function explainDescent(entries: readonly Entry[], descent: Descent = DESCENT) {
  const rooms = new FakeRooms({ launch: () => ({ selectors: [], descent }) });
  rooms.entries.set(EntrySet.of(entries, rooms.trustDomain));
  await using endpoint = await openTestEndpoint(rooms);
  using calls = client(endpoint);
  return await calls.unary('Explain', { pid: 0 });
}

describe('explain, of a descendant', () => {
  it('says from whom it descends, that it gets nothing, and what the entry of the agent would have to say', async () => {
    const why =
      'descendant of the launched instance f00d (researcher, pid 7), found by its cgroup: ' +
      'it gets nothing, since no entry of that instance says descendants: derive';
    expect(await explainDescent([AGENT])).toMatchObject({
      process: { level: 'connected' },
      descent: { instance: 'f00d', name: 'researcher', pid: 7, found_by: 'cgroup' },
      launch: null,
      matches: [],
      nearest: [{ id: 'agent', spiffe_id: 'spiffe://example.org/agent', missing: ['descendants: derive'] }],
      verdict: `its calls are answered PERMISSION_DENIED: no identity issued; ${why}`,
      steps: [{}, {}, {}, { room: 'entries', outcome: 'refused', detail: why }],
    });
  });

  it('names the entries that hold for the agent, and none that would hold for itself alone', async () => {
    const own = anEntry('own', { selectors: ['unix:path:/usr/bin/web', 'unix:gid:1'] });
    const { nearest, matches } = await explainDescent([AGENT, own, OF_UID]);
    expect(matches).toEqual([]);
    expect(nearest.map(({ id }) => id)).toEqual(['agent', 'uid']);
  });

  it('names what the agent itself lacks, when no entry holds for that either', async () => {
    const writer = anEntry('writer', { selectors: ['launch:name:writer', 'unix:uid:1000'] });
    const deriving = { ...writer, id: 'deriving', descendants: 'derive' };
    const { nearest } = await explainDescent([writer, deriving]);
    expect(nearest.map(({ id, missing }) => [id, missing])).toEqual([
      ['deriving', ['launch:name:writer']],
      ['writer', ['launch:name:writer', 'descendants: derive']],
    ]);
  });

  it('says what it is where the entry of the agent derives something', async () => {
    const answer = await explainDescent([{ ...AGENT, descendants: 'derive' }, OF_UID]);
    expect(answer).toMatchObject({
      matches: [{ id: 'agent', spiffe_id: 'spiffe://example.org/agent/child/web' }],
      nearest: [],
      verdict: 'it is spiffe://example.org/agent/child/web',
    });
    expect(answer.steps[3]?.detail).toBe(
      '1 of 2 entries hold; it is the descendant of the launched instance f00d (researcher, pid 7), found by its cgroup',
    );
  });

  it('says why what it would derive cannot be used', async () => {
    const entry = { ...AGENT, descendants: 'spiffe://example.org/agent/{unix.group}' };
    const { refused, verdict } = await explainDescent([entry], { ...DESCENT, by: 'ancestry' });
    expect(refused).toEqual([
      { id: 'agent', reason: '{unix.group} needs one unix:group selector, the process has 0' },
    ]);
    expect(verdict).toContain(
      'found by its ancestors: it gets nothing, since 1 of the entries of that instance would derive something and cannot be used',
    );
  });

  it.each([
    [
      'adoption',
      'descendant of a launched instance, found by its adoption, since what started it is gone: it gets',
    ],
    ['lost', 'descendant of a launched instance, which cannot be told any more: it gets'],
  ] as const)('says so where it is not known whose it is (%s)', async (by, words) => {
    const unknown = { instance: '', name: '', pid: 0, found_by: by };
    const lost = { by, parentSelectors: [] } as const;
    expect(await explainDescent([AGENT, OF_UID], lost)).toMatchObject({
      matches: [],
      nearest: [],
      verdict: expect.stringContaining(words),
      descent: unknown,
    });
  });
});

describe('explain, of a launched process', () => {
  it('says by which definition, by whom and from what files it was launched, and what it could not have', async () => {
    const selectors = ['launch:name:researcher', 'script:path:/opt/researcher.mjs'];
    const rooms = new FakeRooms({ launch: () => ({ selectors }) });
    rooms.launched = {
      instance: 'cafe',
      name: 'researcher',
      launchedBy: 1001,
      executable: '/usr/bin/node',
      script: {
        path: '/opt/researcher.mjs',
        sha256: '5c',
        interpreter: '/usr/bin/node',
        interpreterArgs: ['--no-warnings'],
        lockSha256: '10',
      },
      notes: ['its cgroup could not be made: there is no cgroup file system'],
      selectors,
    };
    rooms.entries.set(EntrySet.of([AGENT], rooms.trustDomain));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    expect(await calls.unary('Explain', { pid: 0 })).toMatchObject({
      process: { level: 'launched', pid: 4242 },
      presented: ['unix:path:/usr/bin/web'],
      verdict: 'it is spiffe://example.org/agent',
      descent: null,
      launch: {
        name: 'researcher',
        launched_by: 1001,
        parent: '',
        executable: '/usr/bin/node',
        executable_sha256: '',
        script: {
          path: '/opt/researcher.mjs',
          sha256: '5c',
          interpreter: '/usr/bin/node',
          interpreter_args: ['--no-warnings'],
          package: '',
          lock_sha256: '10',
        },
        notes: ['its cgroup could not be made: there is no cgroup file system'],
      },
    });
  });

  it('gives nothing away while nobody knows whether a process is a descendant', async () => {
    const launch = (): never => {
      throw new Error('EMFILE');
    };
    const rooms = new FakeRooms({ launch });
    rooms.entries.set(EntrySet.of([OF_UID, AGENT], rooms.trustDomain));
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const answer = await calls.unary('Explain', { pid: 0 });
    expect(answer).toMatchObject({
      matches: [],
      nearest: [],
      verdict: 'its calls are answered UNAVAILABLE: workload attestation failed',
    });
    expect(answer.steps.at(-1)).toEqual({
      room: 'attestation',
      outcome: 'failed',
      detail: 'a decisive attestor failed: launch: EMFILE',
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
