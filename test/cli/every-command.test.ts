import type { Command } from 'commander';
import { status } from '@grpc/grpc-js';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cli } from '../../src/cli/cli.js';
import { buildProgram } from '../../src/cli/program.js';
import { SpoorError } from '../../src/core/errors.js';
import { startChild } from '../fakes/child-process.js';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { TestWorkloadApi } from '../fakes/test-workload-api.js';
import { CommandLine, commandLineFor } from './command-line.js';

/** One working command line for each command that asks the daemon. */
const ADMIN: readonly (readonly string[])[] = [
  ['who', '0a3f'],
  ['entry', 'add', '--spiffe-id', 'spiffe://example.org/web', '--selector', 'unix:uid:1'],
  ['entry', 'show', 'web'],
  ['entry', 'list'],
  ['entry', 'update', 'web', '--hint', 'x'],
  ['entry', 'delete', 'web'],
  ['entry', 'import', '-'],
  ['launch-def', 'add', 'researcher', '/usr/bin/node', '/opt/agents/researcher.mjs'],
  ['launch-def', 'show', 'researcher'],
  ['launch-def', 'list'],
  ['launch-def', 'delete', 'researcher'],
  ['authority', 'show'],
  ['authority', 'rotate'],
  ['authority', 'taint', 'aa11'],
  ['authority', 'revoke', 'aa11'],
  ['bundle', 'show'],
  ['bundle', 'set', 'partner.example', '-'],
  ['bundle', 'list'],
  ['bundle', 'delete', 'partner.example'],
  ['status'],
  ['instances', '--all'],
  ['stop', 'researcher', '--all'],
];
const AGENT: readonly (readonly string[])[] = [
  ['fetch', 'x509'],
  ['fetch', 'jwt', '--audience', 'api'],
  ['fetch', 'wit'],
  ['fetch', 'bundle'],
  ['watch'],
  ['validate', 'jwt', '--audience', 'api', '-'],
  ['explain'],
];
const OFFLINE = ['check', 'errors', 'demo', 'completion'];
/** One has a socket and exit codes of its own, the other installs packages: both have tests beside this file. */
const ELSEWHERE = ['launch', 'launch-def pin'];

function leaves(command: Command, path: readonly string[] = []): (readonly string[])[] {
  if (command.commands.length === 0) return [path];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

async function program(): Promise<Command> {
  const sink = { isTerminal: false, write: () => {} };
  return buildProgram(
    new Cli({
      out: sink,
      err: sink,
      clock: new FakeClock('2030-01-01T00:00:00Z'),
      facts: { uid: 0, home: '/', temporary: '/tmp', env: {} },
      readInput: async () => '',
      interrupted: () => new AbortController().signal,
    }),
  );
}

interface Help {
  readonly path: readonly string[];
  readonly text: string;
  readonly examples: string;
  readonly isGroup: boolean;
}

/** What `--help` prints of the program and of each command below it. */
async function allHelps(): Promise<readonly Help[]> {
  await using line = await CommandLine.open();
  const tree = await program();
  const ends = leaves(tree).map((path) => path.join(' '));
  const helps = everyPath(tree).map(async (path) => {
    const { out: text } = await line.run([...path, '--help']);
    const examples = text.split('\nExamples:\n')[1]?.split('\n\n')[0] ?? '';
    return { path, text, examples, isGroup: !ends.includes(path.join(' ')) };
  });
  return await Promise.all(helps);
}

function everyPath(command: Command, path: readonly string[] = []): (readonly string[])[] {
  return [path, ...command.commands.flatMap((child) => everyPath(child, [...path, child.name()]))];
}

describe('every command', () => {
  it('is in the tables of this file', async () => {
    const names = leaves(await program()).map((path) => path.join(' '));
    const tested = [...ADMIN, ...AGENT].map((argv) =>
      names.find((name) => `${argv.join(' ')} `.startsWith(`${name} `)),
    );
    expect(new Set([...tested, ...OFFLINE, ...ELSEWHERE])).toEqual(new Set(names));
  });

  it('has a help with an example of itself', async () => {
    const helps = await allHelps();
    const without = helps.filter(({ path, examples }) => !examples.includes(['spoor', ...path].join(' ')));
    expect(without.map(({ path }) => path.join(' '))).toEqual([]);
    expect(helps.length).toBeGreaterThan(30);
  });

  it('takes --output json, and its help says what that prints, unless it has no answer to print', async () => {
    const silent = (await allHelps()).filter(
      ({ text, isGroup }) => !isGroup && !/--output <format>[\s\S]*\nJSON:\n {2}\S/u.test(text),
    );
    expect(silent.map(({ path }) => path.join(' '))).toEqual(['demo', 'completion']);
  });

  it('has examples in which every option is one of its own', async () => {
    const wrong = (await allHelps()).flatMap(({ path, examples, text, isGroup }) =>
      examples
        .split('\n')
        .filter((line) => !isGroup && line.trim().startsWith(['spoor', ...path].join(' ')))
        .flatMap((line) =>
          [...(line.split(' | ')[0] ?? '').matchAll(/ (--[a-z0-9-]+)/gu)].map(([, name = '']) => name),
        )
        .filter((option) => !text.split('\nExamples:')[0]?.includes(`  ${option}`)),
    );
    expect(wrong).toEqual([]);
  });

  it.each([...ADMIN, ...AGENT])('says that the daemon is away: %s %s', async (...argv) => {
    await using line = await CommandLine.open();
    const socket = join(line.folder, 'away.sock');
    line.env['SPOOR_ADMIN_SOCKET'] = socket;
    line.env['SPIFFE_ENDPOINT_SOCKET'] = `unix://${socket}`;
    line.input = 'x.y.z';
    const { exit, out, err } = await line.run(argv);
    expect([exit, out]).toEqual([5, '']);
    expect(err).toBe(
      [
        `spoor: error: no daemon answers at ${socket}: there is no such socket`,
        `spoor: facts: socket=${socket}`,
        'spoor: remedy: Start spoord, or name its socket with --socket or --admin-socket.',
        'spoor: code: DAEMON_UNREACHABLE',
        '',
      ].join('\n'),
    );
  });

  it.each(ADMIN)(
    'gives back what the daemon raised, with code, remedy and call number: %s %s',
    async (...argv) => {
      await using admin = await FakeAdmin.open();
      await using line = await commandLineFor(admin);
      admin.failure = new SpoorError('RECORD_UNWRITABLE', 'the record cannot be written');
      const { exit, out, err } = await line.run([...argv, '--output', 'json']);
      expect([exit, out]).toEqual([3, '']);
      expect(JSON.parse(err)).toEqual({
        error: {
          code: 'RECORD_UNWRITABLE',
          kind: 'operator',
          message: 'the record cannot be written',
          remedy: 'Free disk space in the state folder; nothing is issued unrecorded.',
          facts: { call: 1 },
        },
      });
    },
  );

  it.each(AGENT.filter(([name]) => name !== 'explain'))(
    'ends with 4 when the caller has no identity: %s %s',
    async (...argv) => {
      await using api = await TestWorkloadApi.open();
      await using line = await CommandLine.open();
      line.env['SPIFFE_ENDPOINT_SOCKET'] = api.endpoint;
      line.input = 'x.y.z';
      const refusal = { status: status.PERMISSION_DENIED, details: 'no identity issued (call 7)' };
      for (const answer of Object.values(api.answers)) answer.set(refusal);
      const { exit, err } = await line.run(argv);
      expect(exit).toBe(4);
      expect(err).toMatch(/^spoor: error: no identity issued\n[\s\S]*spoor: code: IDENTITY_NOT_ISSUED\n$/u);
    },
  );

  it('says that this user may not open the admin socket', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    await chmod(admin.path, 0o000);
    const { exit, err } = await line.run(['status']);
    // Root may open everything.
    const isRoot = process.geteuid?.() === 0;
    expect([exit, err.includes('spoor: code: ADMIN_DENIED\n')]).toEqual(isRoot ? [0, false] : [3, true]);
  });

  it('says that a socket was left behind by a daemon that is gone', async () => {
    await using line = await CommandLine.open();
    const path = join(line.folder, 'stale.sock');
    const program = `net.createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    await using daemon = await startChild(process.execPath, ['-e', program]);
    await daemon.line();
    await daemon.kill();
    const { exit, err } = await line.run(['status', '--admin-socket', path]);
    expect([exit, err]).toEqual([5, expect.stringContaining('nobody listens there')]);
  });
});

describe('the command line itself', () => {
  it.each([
    [['entri'], "unknown command 'entri' (Did you mean entry?)"],
    [['status', '--nonsense'], "unknown option '--nonsense'"],
    [['fetch', 'jwt'], "required option '--audience <name>' not specified"],
    [['entry', 'show'], "missing required argument 'id'"],
    [['authority', 'rotate', 'x'], 'Allowed choices are x509, jwt, wit'],
    [['status', '--output', 'xml'], 'Allowed choices are text, json'],
    [['explain', 'me'], 'not a process id'],
    [['status', 'now'], 'too many arguments'],
  ])('refuses %j with exit code 2 and one sentence', async (argv, words) => {
    await using line = await CommandLine.open();
    const { exit, out, err } = await line.run(argv);
    expect([exit, out]).toEqual([2, '']);
    expect(err.split('\n')[0]).toContain('spoor: error: ');
    expect(err).toContain(words);
    expect(err).toContain('spoor: code: ARGUMENT_INVALID\n');
  });

  it.each([[[]], [['entry']]])('shows the help of %j on standard error, and ends with 2', async (argv) => {
    await using line = await CommandLine.open();
    const { exit, out, err } = await line.run(argv);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toContain('Examples:');
  });

  it('prints its version', async () => {
    await using line = await CommandLine.open();
    expect(await line.run(['--version'])).toEqual({ exit: 0, out: '0.1.0\n', err: '' });
  });

  it('uses colours on a terminal only, and not when NO_COLOR is set', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    expect((await line.run(['status'])).out).not.toContain('\u001B[');
    line.isTerminal = true;
    expect((await line.run(['status'])).out).toContain('\u001B[');
    line.env['NO_COLOR'] = '1';
    expect((await line.run(['status'])).out).not.toContain('\u001B[');
  });
});
