import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { commandLineFor, type CommandLine } from './command-line.js';

const FILE = '/etc/spoor/launch.d/x.yaml';
const COMMAND = ['--', '/usr/bin/node', '/opt/agents/researcher.mjs', '--fast', 'a b'];
const FULL = [
  ...['--caller-args', 'append', '--cwd', 'caller', '--env-pass', 'LANG,TERM', '--env-set', 'MODE=a=b, c'],
  ...['--env-set', 'NODE_OPTIONS=', '--env-dangerous', 'NODE_OPTIONS', '--secret', 'token=/etc/spoor/token'],
  ...['--credential', 'key=agent-key', '--may-launch-user', 'alice,1001', '--may-launch-group', 'agents'],
  ...['--may-launch-spiffe-id', 'spiffe://example.org/planner', '--run-as', 'agent'],
  ...['--limit', 'nofile=256', '--limit', 'as=infinity', '--restart', 'always'],
];

/** A command line, and the daemon that it asks. */
async function opened(): Promise<{ line: CommandLine; admin: FakeAdmin } & AsyncDisposable> {
  const admin = await FakeAdmin.open();
  const line = await commandLineFor(admin);
  return {
    line,
    admin,
    [Symbol.asyncDispose]: async () => {
      await line[Symbol.asyncDispose]();
      await admin[Symbol.asyncDispose]();
    },
  };
}

describe('spoor launch-def', () => {
  it('adds a definition with every field that was given, and shows it', async () => {
    await using it = await opened();
    const added = await it.line.run(['launch-def', 'add', 'researcher', ...FULL, ...COMMAND]);
    expect(added.err).toBe('');
    expect(it.admin.definitions.all.get('researcher')).toMatchObject({
      command: COMMAND.slice(1),
      args: [],
      caller_args: 'append',
      cwd: 'caller',
      env: {
        pass: ['LANG', 'TERM'],
        set: { MODE: 'a=b, c', NODE_OPTIONS: '' },
        dangerous: ['NODE_OPTIONS'],
      },
      secrets: [
        { name: 'token', file: '/etc/spoor/token', credential: '' },
        { name: 'key', file: '', credential: 'agent-key' },
      ],
      may_launch: {
        users: ['alice', '1001'],
        groups: ['agents'],
        spiffe_ids: ['spiffe://example.org/planner'],
      },
      run_as: 'agent',
      limits: { nofile: '256', as: 'infinity' },
      restart: 'always',
    });
    const text = [
      'researcher',
      '  command      /usr/bin/node /opt/agents/researcher.mjs --fast "a b"',
      '  caller args  are appended',
      '  folder       that of whoever launches',
      '  passes       LANG, TERM',
      '  sets         MODE="a=b, c"',
      '               NODE_OPTIONS=""',
      '  dangerous    NODE_OPTIONS',
      '  secrets      token from /etc/spoor/token',
      '               key from the credential agent-key',
      '  may launch   user alice',
      '               user 1001',
      '               group agents',
      '               spiffe://example.org/planner',
      '  runs as      agent',
      '  limits       as=infinity, nofile=256',
      '  restart      always',
      '  kept in      store',
      '',
    ].join('\n');
    expect(added.out).toBe(text);
    expect((await it.line.run(['launch-def', 'show', 'researcher'])).out).toBe(text);
    const shown = await it.line.json('launch-def', 'show', 'researcher');
    expect(shown).toEqual(it.admin.definitions.all.get('researcher'));
  });

  it('adds one from a file or standard input', async () => {
    await using it = await opened();
    const file = join(it.line.folder, 'web.yaml');
    await writeFile(file, '- name: web\n  command: [/bin/true]\n  may_launch: {users: [alice]}\n');
    expect((await it.line.run(['launch-def', 'add', '--file', file])).out).toBe(
      [
        'web',
        '  command     /bin/true',
        '  may launch  user alice',
        '  runs as     whoever launches',
        '  kept in     store',
        '',
      ].join('\n'),
    );
    it.line.input = 'name: db\ncommand: [/bin/true]\n';
    expect(await it.line.json('launch-def', 'add', '--file', '-')).toMatchObject({ name: 'db' });
  });

  it('lists them, and says where each is kept', async () => {
    await using it = await opened();
    expect((await it.line.run(['launch-def', 'list'])).out).toBe('no launch definitions\n');
    it.admin.definitions.addOfFile(
      { name: 'a', command: ['/bin/true'], args: ['x'], run_as: 'bob' },
      FILE,
      3,
    );
    await it.line.run(['launch-def', 'add', 'web', '--may-launch-user', 'alice,eve', ...COMMAND]);
    expect((await it.line.run(['launch-def', 'list'])).out).toBe(
      [
        'NAME  RUNS AS           MAY LAUNCH                  KEPT IN                       COMMAND',
        "a     bob               root and the daemon's user  /etc/spoor/launch.d/x.yaml:3  /bin/true x",
        'web   whoever launches  user alice, user eve        store                         /usr/bin/node /opt/agents/researcher.mjs --fast "a b"',
        '',
      ].join('\n'),
    );
    const { definitions } = (await it.line.json('launch-def', 'list')) as { definitions: { name: string }[] };
    expect(definitions.map(({ name }) => name)).toEqual(['a', 'web']);
  });

  it.each([
    [['add'], 'needs a name and a command, or --file'],
    [['add', 'web'], 'needs a name and a command, or --file'],
    [['add', 'web', '--file', 'x.yaml'], 'beside --file nothing else'],
    [['add', '--file', 'x.yaml', '--run-as', 'bob'], 'beside --file nothing else'],
    [['add', '--file', '/nowhere.yaml'], 'cannot read /nowhere.yaml: there is no such file'],
    [['add', 'web', '--env-set', 'MODE', ...COMMAND], '--env-set takes NAME=VALUE'],
    [['add', 'web', '--env-set', '=x', ...COMMAND], '--env-set takes NAME=VALUE'],
    [['add', 'web', '--env-set', 'A=1', '--env-set', 'A=2', ...COMMAND], '--env-set A is given twice'],
    [['add', 'web', '--limit', 'nofile', ...COMMAND], '--limit takes NAME=VALUE'],
    [['add', 'web', '--caller-args', 'all', ...COMMAND], 'Allowed choices are none, append'],
    [['add', 'web', '/bin/sh', '-c', 'x'], "unknown option '-c'"],
  ])('refuses %j with exit code 2, before it asks the daemon', async (argv, words) => {
    await using it = await opened();
    const { exit, err } = await it.line.run(['launch-def', ...argv]);
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
    expect(err).toContain('spoor: code: ARGUMENT_INVALID\n');
    expect(it.admin.definitions.all.size).toBe(0);
  });

  it('says what the daemon finds fault with', async () => {
    await using it = await opened();
    const { exit, err } = await it.line.run([
      'launch-def',
      'add',
      'web',
      '--env-pass',
      'LD_PRELOAD',
      '--',
      'node',
    ]);
    expect(exit).toBe(2);
    expect(err).toContain('command[0]: allowed is an absolute path, or npx or uvx');
    expect(err).toContain('env.pass[0]: allowed is a variable that cannot inject code');
  });

  it('deletes one of the store, and names the file of one that is not', async () => {
    await using it = await opened();
    await it.line.run(['launch-def', 'add', 'web', ...COMMAND]);
    it.admin.definitions.addOfFile({ name: 'fixed', command: ['/bin/true'] }, FILE, 3);
    expect(await it.line.json('launch-def', 'delete', 'web')).toEqual({ deleted: 'web' });
    const { exit, err } = await it.line.run(['launch-def', 'delete', 'fixed']);
    expect([exit, err]).toEqual([2, expect.stringContaining(`fixed is kept in ${FILE}`)]);
    expect(err).toContain('spoor: code: DEFINITION_READ_ONLY\n');
  });
});
