import { describe, expect, it } from 'vitest';
import { EntrySet } from '../../src/entries/entry-set.js';
import type { Entry } from '../../src/entries/entry.js';
import type { Descent } from '../../src/instances/instance.js';
import { explainMethods, type ExplainService } from '../../src/wire/explain.js';
import { FakeProcess, FakeRooms } from '../fakes/fake-rooms.js';
import { anEntry } from '../fakes/issuance-room.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = explainMethods();

function client(endpoint: { readonly path: string }): WireClient<ExplainService> {
  return new WireClient(endpoint.path, methods);
}

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
    ['lost', 'descendant of a launched instance, whose line cannot be followed: it gets'],
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
      executableSha256: 'ee',
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
        executable_sha256: 'ee',
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

  it('knows its instance before it has connected', async () => {
    const rooms = new FakeRooms();
    const facts = { name: 'researcher', launchedBy: 0, executable: '/usr/bin/web', executableSha256: 'ee' };
    rooms.launched = { ...facts, instance: 'cafe', parent: 'f00d', notes: [], selectors: [] };
    await using endpoint = await openTestEndpoint(rooms);
    rooms.peers.set('other', { connection: 99, process: new FakeProcess(7), acceptedMs: 0 });
    using calls = client(endpoint);
    const answer = await calls.unary('Explain', { pid: 7 });
    expect(answer.process).toMatchObject({ level: 'launched', instance: 'cafe' });
    expect(answer.launch).toMatchObject({ parent: 'f00d', script: null });
    expect(answer.steps[0]?.detail).toBe('it is not connected; measured as it runs now');
    rooms.launched = undefined;
    expect(await calls.unary('Explain', { pid: 7 })).toMatchObject({
      process: { level: 'connected', instance: '' },
      launch: null,
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
