import { describe, expect, it } from 'vitest';
import type { WireLaunch } from '../../src/wire/launches.js';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { CommandLine, commandLineFor } from './command-line.js';

const LAUNCH: WireLaunch = {
  instance: '3f1c9a',
  name: 'researcher',
  pid: 4242,
  uid: 1001,
  launched_by: 1000,
  detached: true,
  started_at: '2029-12-31T23:58:30Z',
  executable: '/usr/bin/node',
  script: '/opt/agents/researcher.mjs',
  restarts: 2,
  notes: ['it has no cgroup of its own'],
};

describe('spoor instances', () => {
  it('shows what runs, in a row each', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.launches = [
      LAUNCH,
      { ...LAUNCH, instance: 'aa', script: '', detached: false, notes: [], restarts: 0 },
    ];
    const { exit, out } = await line.run(['instances', '--all']);
    expect([exit, out.split('\n').map((row) => row.split(/ {2,}/u))]).toEqual([
      0,
      [
        ['INSTANCE', 'NAME', 'PID', 'UID', 'PROGRAM', 'AGE', 'DETACHED', 'RESTARTS', 'NOTES'],
        [
          '3f1c9a',
          'researcher',
          '4242',
          '1001',
          '/opt/agents/researcher.mjs',
          '90 s',
          'yes',
          '2',
          LAUNCH.notes[0],
        ],
        ['aa', 'researcher', '4242', '1001', '/usr/bin/node', '90 s', 'no', '0', '-'],
        [''],
      ],
    ]);
    expect(await line.json('instances', '--all')).toEqual({ launches: admin.launches, total: 2 });
  });

  it('says that nothing runs', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    expect((await line.run(['instances', '--all'])).out).toBe('no launched programs run\n');
  });

  it.each([
    [1000, [], 'agent'],
    [1000, ['--all'], 'admin'],
    [0, [], 'admin'],
    [0, ['--socket', 'AGENT'], 'agent'],
  ])('as uid %i with %j asks over the %s socket', async (uid, flags, asked) => {
    await using agent = await FakeAdmin.open();
    await using admin = await FakeAdmin.open();
    await using line = await CommandLine.open();
    line.uid = uid;
    line.env['SPIFFE_ENDPOINT_SOCKET'] = `unix://${agent.path}`;
    line.env['SPOOR_ADMIN_SOCKET'] = admin.path;
    agent.launches = [{ ...LAUNCH, instance: 'agent' }];
    admin.launches = [{ ...LAUNCH, instance: 'admin' }];
    const given = flags.map((flag) => (flag === 'AGENT' ? agent.path : flag));
    expect(await line.json('instances', ...given)).toMatchObject({ launches: [{ instance: asked }] });
  });
});

describe('spoor stop', () => {
  it('ends what is named, with the grace that is given', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.launches = [LAUNCH];
    expect(await line.run(['stop', 'researcher', '--all'])).toEqual({
      exit: 0,
      out: '3f1c9a has ended\n',
      err: '',
    });
    expect(await line.json('stop', '3f1c9a', '--all', '--grace', '1m30s')).toEqual({ instances: ['3f1c9a'] });
    expect(admin.stopped).toEqual([
      { which: 'researcher', grace_ms: 10_000 },
      { which: '3f1c9a', grace_ms: 90_000 },
    ]);
  });

  it('says that nothing is called that', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    const { exit, err } = await line.run(['stop', 'nobody', '--all']);
    expect([exit, err]).toEqual([2, expect.stringContaining('spoor: code: INSTANCE_NOT_FOUND\n')]);
  });
});

describe('spoor launch --help', () => {
  it('says what each mode is worth', async () => {
    await using line = await CommandLine.open();
    const { exit, out } = await line.run(['launch', '--help']);
    expect(exit).toBe(0);
    expect(out.split('\n').find((row) => row.includes('user mode'))).toContain(
      'user mode: same-uid processes are not kept apart',
    );
  });
});

describe('the launch socket', () => {
  it.each([
    [['--launch-socket', '/flag/l.sock'], {}, '/flag/l.sock'],
    [
      [],
      { SPOOR_LAUNCH_SOCKET: '/env/l.sock', SPIFFE_ENDPOINT_SOCKET: 'unix:///a/agent.sock' },
      '/env/l.sock',
    ],
    [[], { SPIFFE_ENDPOINT_SOCKET: 'unix:///agent/agent.sock' }, '/agent/launch.sock'],
    [[], { SPIFFE_ENDPOINT_SOCKET: 'tcp://127.0.0.1:1' }, '/run/spoor/launch.sock'],
  ])('is found by %j and %j', async (flags, env, path) => {
    await using line = await CommandLine.open();
    Object.assign(line.env, env);
    const { exit, err } = await line.run(['launch', ...flags, 'x']);
    expect([exit, err.split('\n')[0]]).toEqual([
      125,
      `spoor: error: no daemon answers at ${path}: there is no such socket`,
    ]);
  });
});
