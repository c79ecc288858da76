import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import type { FoundBy } from '../../src/instances/instance.js';
import type { Explanation } from '../../src/wire/explain.js';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { CommandLine } from './command-line.js';

const EXPLANATION: Explanation = {
  process: {
    pid: 4242,
    uid: 1000,
    gid: 100,
    path: '/usr/bin/node',
    level: 'connected',
    instance: '',
    foreign_user_namespace: false,
  },
  steps: [
    { room: 'door', outcome: 'passed', detail: 'it connected and wrote by itself' },
    { room: 'entries', outcome: 'refused', detail: 'no entry matches' },
  ],
  outcomes: [
    { attestor: 'unix', selectors: ['unix:uid:1000', 'unix:path:/usr/bin/node'], failure: '' },
    { attestor: 'process', selectors: [], failure: 'its parent is gone' },
  ],
  selectors: ['unix:path:/usr/bin/node', 'unix:uid:1000'],
  presented: ['unix:path:/usr/bin/node'],
  matches: [],
  refused: [{ id: 'tpl', reason: 'unix.user has two values' }],
  nearest: [{ id: 'web', spiffe_id: 'spiffe://example.org/web', missing: ['unix:gid:7'] }],
  verdict: 'no identity would be issued: no entry matches this process',
  launch: null,
  descent: null,
};

/** Two sockets of one daemon, told apart by who was asked. */
async function opened(): Promise<
  { agent: FakeAdmin; admin: FakeAdmin; line: CommandLine } & AsyncDisposable
> {
  const [agent, admin, line] = [await FakeAdmin.open(), await FakeAdmin.open(), await CommandLine.open()];
  agent.explanation = EXPLANATION;
  admin.explanation = EXPLANATION;
  line.env['SPIFFE_ENDPOINT_SOCKET'] = `unix://${agent.path}`;
  line.env['SPOOR_ADMIN_SOCKET'] = admin.path;
  const close = async (): Promise<void> => {
    for (const one of [line, agent, admin]) await one[Symbol.asyncDispose]();
  };
  return { agent, admin, line, [Symbol.asyncDispose]: close };
}

/** Every way of finding a descendant. */
const WAYS: Readonly<Record<FoundBy, true>> = {
  cgroup: true,
  ancestry: true,
  adoption: true,
  execution: true,
  lost: true,
};

describe('spoor explain', () => {
  it('names in its help every way in which a descendant is found', async () => {
    await using it = await opened();
    const { out } = await it.line.run(['explain', '--help']);
    const named = /"found_by": (\S+)\}/
      .exec(out)?.[1]
      ?.split('|')
      .map((way) => way.replace(/^"(.*?)"\}?$/, '$1'));
    expect(named).toEqual(Object.keys(WAYS));
  });

  it('shows verdict, rooms, attestors, selectors with what is only presented, and what the nearest entry lacks', async () => {
    await using it = await opened();
    expect((await it.line.run(['explain', String(process.pid)])).out).toBe(
      [
        'pid 4242: uid 1000, gid 100, /usr/bin/node, has not connected yet',
        'no identity would be issued: no entry matches this process',
        '',
        'rooms',
        '  door     passed   it connected and wrote by itself',
        '  entries  refused  no entry matches',
        '',
        'attestors',
        '  unix     passed  2 selectors',
        '  process  failed  its parent is gone',
        '',
        'selectors (presented: the process says so of itself; no evidence)',
        '  unix:path:/usr/bin/node  presented',
        '  unix:uid:1000',
        '',
        'unusable',
        '  tpl  unix.user has two values',
        '',
        'nearest',
        '  web  spiffe://example.org/web  lacks unix:gid:7',
        '',
      ].join('\n'),
    );
  });

  it('shows the matches, the default identity first', async () => {
    await using it = await opened();
    const matches = [
      { id: 'web', spiffe_id: 'spiffe://example.org/web', hint: 'main' },
      { id: 'b', spiffe_id: 'spiffe://example.org/b', hint: '' },
    ];
    it.agent.explanation = { ...EXPLANATION, matches, nearest: [], refused: [] };
    expect((await it.line.run(['explain', String(process.pid)])).out).toContain(
      'matches\n  spiffe://example.org/web  by entry web  hint main\n  spiffe://example.org/b    by entry b\n',
    );
  });

  it('shows of a launched process its definition, its script and what it could not have', async () => {
    await using it = await opened();
    const script = {
      path: '/opt/researcher.mjs',
      sha256: '5c',
      interpreter: '/usr/bin/node',
      interpreter_args: ['--no-warnings'],
      package: '@example/researcher@1.2.0',
      lock_sha256: '10',
    };
    it.agent.explanation = {
      ...EXPLANATION,
      process: { ...EXPLANATION.process!, level: 'launched', instance: 'cafe' },
      launch: {
        name: 'researcher',
        launched_by: 1001,
        parent: '',
        executable: '/usr/bin/node',
        executable_sha256: 'e0',
        script,
        notes: ['its cgroup could not be made'],
      },
    };
    const { out } = await it.line.run(['explain', String(process.pid)]);
    expect(out).toContain(
      [
        'pid 4242: uid 1000, gid 100, /usr/bin/node, launched, instance cafe',
        'no identity would be issued: no entry matches this process',
        '',
        'launch',
        '  definition   researcher',
        '  launched by  uid 1001',
        '  executable   /usr/bin/node',
        '               e0',
        '  script       /opt/researcher.mjs',
        '               5c',
        '  interpreter  /usr/bin/node --no-warnings',
        '  package      @example/researcher@1.2.0',
        '  lock file    10',
        '  note         its cgroup could not be made',
        '',
        'rooms',
      ].join('\n'),
    );
    expect(await it.line.json('explain', String(process.pid))).toEqual(it.agent.explanation);
  });

  it('shows who launched it, if that was an instance, and leaves out what there is not', async () => {
    await using it = await opened();
    const launch = { name: 'tool', launched_by: 1001, parent: 'f00d', executable: '/usr/bin/git' };
    const nothing = { executable_sha256: '', script: null, notes: [] };
    it.agent.explanation = { ...EXPLANATION, launch: { ...launch, ...nothing } };
    expect((await it.line.run(['explain', String(process.pid)])).out).toContain(
      'launch\n  definition   tool\n  launched by  instance f00d\n  executable   /usr/bin/git\n\nrooms',
    );
  });

  it('shows of a descendant what the entry of its agent lacks', async () => {
    await using it = await opened();
    const descent = { instance: 'f00d', name: 'researcher', pid: 7, found_by: 'cgroup' };
    const nearest = [
      { id: 'agent', spiffe_id: 'spiffe://example.org/agent', missing: ['descendants: derive'] },
    ];
    it.agent.explanation = { ...EXPLANATION, descent, nearest };
    expect((await it.line.run(['explain', String(process.pid)])).out).toContain(
      'nearest\n  agent  spiffe://example.org/agent  lacks descendants: derive\n',
    );
    expect(await it.line.json('explain', String(process.pid))).toMatchObject({ descent });
  });

  it('lets no process write on the terminal by the name of its program', async () => {
    await using it = await opened();
    const path = '/tmp/\u001B[2J\u009B31m\u202Ex\nno identity would be issued: all is well';
    it.agent.explanation = {
      ...EXPLANATION,
      process: { ...EXPLANATION.process!, path },
      selectors: [`unix:path:${path}`],
    };
    const { out } = await it.line.run(['explain', String(process.pid)]);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(out).toContain(
      String.raw`  unix:path:/tmp/\u{1b}[2J\u{9b}31m\u{202e}x\u{a}no identity would be issued: all is well`,
    );
    expect(await it.line.json('explain', String(process.pid))).toEqual(it.agent.explanation);
  });

  it('prints the whole explanation as JSON', async () => {
    await using it = await opened();
    expect(await it.line.json('explain', String(process.pid))).toEqual(EXPLANATION);
  });

  it('asks the agent socket about itself and about processes of its own uid', async () => {
    await using it = await opened();
    await it.line.run(['explain']);
    await it.line.run(['explain', String(process.pid)]);
    expect([it.agent.explained, it.admin.explained]).toEqual([[0, process.pid], []]);
  });

  it('asks the admin socket about processes of others, and when it is told to', async () => {
    await using it = await opened();
    await it.line.run(['explain', String(process.pid), '--admin-socket', it.admin.path]);
    it.line.uid = 4_000_000;
    await it.line.run(['explain', String(process.pid)]);
    expect([it.agent.explained, it.admin.explained]).toEqual([[], [process.pid, process.pid]]);
  });

  it.each([
    [status.UNAVAILABLE, 'workload attestation failed', 5, 'ATTESTATION_FAILED'],
    [status.UNAVAILABLE, 'rate limit exceeded for Explain', 5, 'RATE_EXCEEDED'],
    [status.UNAVAILABLE, 'not available: RECORD_UNWRITABLE', 3, 'RECORD_UNWRITABLE'],
    [status.UNAVAILABLE, 'not yet', 5, 'AUTHORITY_NOT_READY'],
    [status.PERMISSION_DENIED, 'not available: ADMIN_DENIED', 3, 'ADMIN_DENIED'],
    [status.PERMISSION_DENIED, 'no identity issued', 4, 'IDENTITY_NOT_ISSUED'],
    [status.INTERNAL, 'internal error', 1, 'INVARIANT_BROKEN'],
  ])('knows by status %d and the words "%s" what a workload is told', async (code, details, exit, name) => {
    await using it = await opened();
    it.agent.refusal = { code, details };
    const outcome = await it.line.run(['explain', '--output', 'json']);
    expect([outcome.exit, JSON.parse(outcome.err)]).toMatchObject([
      exit,
      { error: { code: name, message: details, facts: { call: 1 } } },
    ]);
  });

  it('tells why nothing could be signed, which the code of the answer does not', async () => {
    await using it = await opened();
    const words = 'could not fetch JWT-SVID: RECORD_UNWRITABLE';
    it.agent.failure = new SpoorError('AUTHORITY_NOT_READY', words);
    const { exit, err } = await it.line.run(['explain']);
    expect([exit, err]).toEqual([3, expect.stringContaining('RECORD_UNWRITABLE\n')]);
    expect(err).toContain('remedy: Free disk space');
    expect(err).toContain('facts: call=1\n');
  });

  it('says that a process is not there without asking the daemon', async () => {
    await using it = await opened();
    const { exit, err } = await it.line.run(['explain', '4194304']);
    expect([exit, err]).toEqual([2, expect.stringContaining('PROCESS_NOT_FOUND')]);
    expect(it.agent.explained).toEqual([]);
  });
});
