import { describe, expect, it } from 'vitest';
import {
  checkDefinitionItem,
  parseDefinitionItem,
  readDefinitionFile,
} from '../../../src/launch/definitions/definition-file.js';
import { definitionReader } from '../../../src/launch/definitions/definition-schema.js';
import { TrustDomain } from '../../../src/spiffe/trust-domain.js';
import type { FileProblem } from '../../../src/state/file-problems.js';
import type { ItemFile } from '../../../src/state/item-files.js';
import type { LaunchDefinition } from '../../../src/launch/definitions/definition.js';

const FILE = '/etc/spoor/launch.d/agents.yaml';
const READ = definitionReader(TrustDomain.parse('example.org'));

const FULL = `
launch:
  - name: researcher
    command: [/usr/bin/node, --no-warnings, /opt/agents/researcher.mjs]
    args: [--verbose, "8080"]
    caller_args: append
    cwd: caller
    env:
      pass: [LANG, TERM]
      set: {MODE: prod, NODE_OPTIONS: --max-old-space-size=512}
      dangerous: [NODE_OPTIONS]
    secrets:
      - {name: token, file: /etc/spoor/token}
      - {name: key, credential: agent-key}
    may_launch:
      users: [alice, 1001]
      groups: [agents]
      spiffe_ids: [spiffe://example.org/planner]
    run_as: 2000
    limits: {nofile: 256, cpu: 0, as: infinity}
    restart: on-failure
  - name: least
    command: [npx, "@scope/server@1.2.3"]
`;

describe('readDefinitionFile', () => {
  it('reads every field, and gives those that are not there their defaults', () => {
    expect(read(FULL)).toEqual({
      problems: [],
      items: [
        {
          name: 'researcher',
          command: ['/usr/bin/node', '--no-warnings', '/opt/agents/researcher.mjs'],
          args: ['--verbose', '8080'],
          callerArgs: 'append',
          cwd: 'caller',
          env: {
            pass: ['LANG', 'TERM'],
            set: { MODE: 'prod', NODE_OPTIONS: '--max-old-space-size=512' },
            dangerous: ['NODE_OPTIONS'],
          },
          secrets: [
            { name: 'token', file: '/etc/spoor/token' },
            { name: 'key', credential: 'agent-key' },
          ],
          mayLaunch: {
            users: ['alice', '1001'],
            groups: ['agents'],
            spiffeIds: ['spiffe://example.org/planner'],
          },
          runAs: '2000',
          limits: { nofile: 256, cpu: 0, as: 'infinity' },
          restart: 'on-failure',
          createdAt: new Date(0),
          source: { kind: 'file', file: FILE, line: 3 },
        },
        {
          name: 'least',
          command: ['npx', '@scope/server@1.2.3'],
          args: [],
          callerArgs: 'none',
          cwd: undefined,
          env: { pass: [], set: {}, dangerous: [] },
          secrets: [],
          mayLaunch: { users: [], groups: [], spiffeIds: [] },
          runAs: undefined,
          limits: {},
          restart: 'never',
          createdAt: new Date(0),
          source: { kind: 'file', file: FILE, line: 22 },
        },
      ],
    });
  });

  it('names all problems, each with line, place, what was found and what is allowed', () => {
    const { items, problems } = read(`
launch:
  - name: good
    command: [/bin/true]
  - name: a b
    command: [node]
    args: [8080]
    caller_args: yes please
    cwd: home
    env:
      pass: [LD_PRELOAD, HOME, 1X, MODE]
      set:
        MODE: prod
        PYTHONPATH: /opt
        USER: root
        PORT: 80
      dangerous: [NODE_PATH]
      unset: []
    secrets:
      - {name: a/b, file: /etc/token}
      - {name: token}
      - {name: token, file: x, credential: y}
    may_launch:
      users: ["", -5]
      spiffe_ids: [spiffe://other.test/x, spiffe://example.org, x]
    run_as: "a:b"
    limits: {nofile: -1, files: 5}
    restart: sometimes
    uid: 5
  - command: []
`);
    expect(items.map(({ name }) => name)).toEqual(['good']);
    expect(problems.map(brief).toSorted((one, other) => parseInt(one, 10) - parseInt(other, 10))).toEqual([
      '5 launch[1].name: found a b, allowed 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first',
      '6 launch[1].command[0]: found node, allowed an absolute path, or npx or uvx',
      '7 launch[1].args[0]: found 8080, allowed text without NUL bytes, in quotes if it looks like a number, of at most 131071 bytes',
      '8 launch[1].caller_args: found yes please, allowed none or append',
      '9 launch[1].cwd: found home, allowed an absolute path, or caller for the folder of whoever launches',
      '11 launch[1].env.pass[2]: found 1X, allowed the name of a variable: letters, digits and underscores, no digit first, at most 255',
      '11 launch[1].env.pass[0]: found LD_PRELOAD, allowed a variable that cannot inject code, or one that is in env.dangerous too: the dynamic linker and the C library would read this',
      '11 launch[1].env.pass[1]: found HOME, allowed none of HOME, SHELL, PATH, USER, LOGNAME, SPIFFE_ENDPOINT_SOCKET, SPOOR_INSTANCE, CREDENTIALS_DIRECTORY, which the daemon sets',
      '11 launch[1].env.pass[3]: found MODE, allowed a variable that is not in env.set, where it has its value',
      '14 launch[1].env.set.PYTHONPATH: found /opt, allowed a variable that cannot inject code, or one that is in env.dangerous too: Python would read this',
      '15 launch[1].env.set.USER: found root, allowed none of USER, LOGNAME, SPIFFE_ENDPOINT_SOCKET, SPOOR_INSTANCE, CREDENTIALS_DIRECTORY, which the daemon sets',
      '16 launch[1].env.set.PORT: found 80, allowed text without NUL bytes, in quotes if it looks like a number, of at most 131071 bytes',
      '17 launch[1].env.dangerous[0]: found NODE_PATH, allowed a variable of env.pass or env.set',
      // A key that nobody knows has the line of its value, as in entries.
      '18 launch[1].env.unset: found unset, allowed one of pass, set, dangerous',
      '20 launch[1].secrets[0].name: found a/b, allowed the name of a file: at most 255 bytes without /, not . or ..',
      '21 launch[1].secrets[1]: found a list or mapping, allowed a secret with either file or credential',
      '22 launch[1].secrets[2].file: found x, allowed an absolute path without . and .. in it',
      '22 launch[1].secrets[2]: found a list or mapping, allowed a secret with either file or credential',
      '22 launch[1].secrets[2].name: found token, allowed a name that no other secret of the definition has',
      '24 launch[1].may_launch.users[0]: found , allowed a name, or a number from 0 to 4294967294',
      '24 launch[1].may_launch.users[1]: found -5, allowed a name, or a number from 0 to 4294967294',
      '25 launch[1].may_launch.spiffe_ids[0]: found spiffe://other.test/x, allowed a SPIFFE ID of example.org with a path',
      '25 launch[1].may_launch.spiffe_ids[1]: found spiffe://example.org, allowed a SPIFFE ID of example.org with a path',
      '25 launch[1].may_launch.spiffe_ids[2]: found x, allowed a SPIFFE ID, and this is not a SPIFFE ID: it does not start with spiffe://',
      '26 launch[1].run_as: found a:b, allowed a name, or a number from 0 to 4294967294',
      '27 launch[1].limits.nofile: found -1, allowed a whole number from 0, or infinity',
      '27 launch[1].limits.files: found files, allowed one of as, cpu, data, fsize, memlock, nofile, nproc, stack',
      '28 launch[1].restart: found sometimes, allowed never or on-failure or always',
      '29 launch[1].uid: found uid, allowed one of name, command, args, caller_args, cwd, env, secrets, may_launch, run_as, limits, restart',
      '30 launch[2].name: found nothing, allowed 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first',
      '30 launch[2].command: found a list or mapping, allowed a list that begins with the program',
    ]);
  });

  it.each([
    ['nothing', '', '1 : found an empty file, allowed a list `launch`, which may be []'],
    ['another list', 'entries: []\n', '1 entries: found entries, allowed `launch` and nothing else'],
    ['no list', 'launch: 5\n', '1 launch: found 5, allowed a list `launch`, which may be []'],
    ['a text for an item', 'launch: [x]\n', '1 launch[0]: found x, allowed one of name, command, args'],
    [
      'nothing for an item',
      'launch:\n  -\n',
      '2 launch[0]: found nothing, allowed one of name, command, args',
    ],
    [
      'a list for env',
      fileWith('env: []'),
      '4 launch[0].env: found a list or mapping, allowed one of pass, set',
    ],
    [
      'nothing for env',
      fileWith('env:'),
      '4 launch[0].env: found nothing, allowed one of pass, set, dangerous',
    ],
    ['a NUL', fileWith('args: ["a\\0b"]'), '4 launch[0].args[0]: found a\0b, allowed text without NUL bytes'],
    ['no YAML', 'launch: [', '1 : found Flow sequence in block collection'],
    [
      'an unpinned package',
      'launch:\n  - name: a\n    command: [uvx, ruff]\n',
      '3 launch[0].command[1]: found ruff, allowed NAME==VERSION',
    ],
  ])('finds fault with a file that holds %s', (_, text, start) => {
    const { items, problems } = read(text);
    expect(items).toEqual([]);
    expect(problems.map((problem) => brief(problem).slice(0, start.length))).toContain(start);
  });

  it('takes what execve takes in any case, and no more', () => {
    const own = '/bin/true'.length + 1;
    const withArgs = (bytes: number): string =>
      fileWith(`args: [${'x'.repeat(100)}, ${'y'.repeat(bytes - 102)}]`);
    expect(read(withArgs(131_072 - own)).problems).toEqual([]);
    expect(read(withArgs(131_073 - own)).problems.map(brief)).toEqual([
      '3 launch[0].command: found a list or mapping, allowed at most 131072 bytes together with args and env.set, and these are 131073',
    ]);
    const withSet = (bytes: number): string =>
      fileWith(`env: {set: {A: ${'x'.repeat(bytes - 'A='.length - 1)}}}`);
    expect(read(withSet(131_072 - own)).problems).toEqual([]);
    expect(read(withSet(131_073 - own)).problems).toHaveLength(1);
  });

  it('finds fault with bytes that are not UTF-8, and with a file over 1 MiB', () => {
    const bad = readDefinitionFile(FILE, Buffer.from([0x65, 0xff]), READ);
    expect(bad.problems.map(brief)).toEqual(['1 : found bytes that are not UTF-8, allowed UTF-8']);
    const long = read(`launch: []\n${'#'.repeat(1_048_576)}`);
    expect(long.problems.map(brief)).toEqual([
      '1 : found 1048587 bytes, allowed a file of at most 1048576 bytes',
    ]);
  });
});

describe('parseDefinitionItem', () => {
  it.each([
    ['an item', 'name: a\ncommand: [/bin/true]\n'],
    ['an item with its dash', '- name: a\n  command: [/bin/true]\n'],
    ['JSON', '{"name": "a", "command": ["/bin/true"]}'],
  ])('reads %s', (_, text) => {
    expect(parseDefinitionItem(text)).toEqual({ name: 'a', command: ['/bin/true'] });
  });

  it.each([
    ['', 'not one launch definition: allowed is one item as files have it'],
    ['5', 'not one launch definition: allowed is one item as files have it'],
    ['[{name: a}, {name: b}]', 'not one launch definition: allowed is one item as files have it'],
    ['a: &x 1\nb: *x\n', 'not YAML: line 2: the alias *x is not allowed: write the value out'],
    ['#'.repeat(1_048_577), 'a definition has at most 1048576 bytes'],
  ])('refuses %.20j', (text, message) => {
    expect(() => parseDefinitionItem(text)).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID', message }),
    );
  });
});

describe('checkDefinitionItem', () => {
  it('names all faults by their places', () => {
    const item = { name: 'a', command: ['x'], env: { pass: ['LD_PRELOAD'] }, more: 1 };
    expect(() => checkDefinitionItem(item, READ)).toThrow(
      expect.objectContaining({
        code: 'ARGUMENT_INVALID',
        message: expect.stringMatching(
          /^not a launch definition: more: allowed is one of .*; command\[0\]: allowed is an absolute path, or npx or uvx; env\.pass\[0\]: allowed is a variable /,
        ),
      }),
    );
  });
});

function read(text: string): ItemFile<LaunchDefinition> {
  return readDefinitionFile(FILE, Buffer.from(text), READ);
}

/** A file with one definition and one more field, on line 4. */
function fileWith(field: string): string {
  return `launch:\n  - name: a\n    command: [/bin/true]\n    ${field}\n`;
}

function brief({ line, path, found, allowed }: FileProblem): string {
  return `${line} ${path}: found ${found}, allowed ${allowed}`;
}
