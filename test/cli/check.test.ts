import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { CommandLine } from './command-line.js';

interface Checked {
  readonly findings: readonly {
    severity: string;
    subject: string;
    message: string;
    file?: string;
    line?: number;
  }[];
  readonly errors: number;
  readonly warnings: number;
}

/** The flags that put everything into the folder of the test. */
function flagsIn(folder: string): readonly string[] {
  const paths = {
    state: 'state',
    socket: 'agent.sock',
    'admin-socket': 'admin.sock',
    entries: 'entries.d',
    bundles: 'bundles.d',
    launch: 'launch.d',
  };
  const flags = Object.entries(paths).flatMap(([flag, name]) => [`--${flag}`, join(folder, name)]);
  return ['--trust-domain', 'example.org', '--mode', 'user', '--config', '/dev/null', ...flags];
}

async function checked(line: CommandLine, ...more: readonly string[]): Promise<Checked & { exit: number }> {
  const { exit, out } = await line.run(['check', ...flagsIn(line.folder), ...more, '--output', 'json']);
  return { exit, ...(JSON.parse(out) as Checked) };
}

describe('spoor check', () => {
  it('has a finding for each subject, and ends with 0 when nothing is wrong', async () => {
    await using line = await CommandLine.open();
    const { exit, findings, errors } = await checked(line);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect([exit, errors]).toEqual([0, 0]);
    expect(new Set(findings.map(({ subject }) => subject))).toEqual(
      new Set([
        'settings',
        'entries',
        'bundles',
        'launch definitions',
        'state',
        'sockets',
        'kernel',
        'daemon',
      ]),
    );
  });

  it('names file and line of a fault in an entry file, and ends with 3', async () => {
    await using line = await CommandLine.open();
    const folder = join(line.folder, 'entries.d');
    await mkdir(folder);
    const file = join(folder, 'web.yaml');
    await writeFile(
      file,
      'entries:\n  - id: web\n    spiffe_id: spiffe://example.org/web\n    selectors: [uid]\n',
    );
    const { exit, findings, errors } = await checked(line);
    expect([exit, errors]).toEqual([3, 1]);
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      { subject: 'entries', file, line: 4, message: expect.stringContaining('uid') },
    ]);
  });

  it('says that the folder of the entry files is not there', async () => {
    await using line = await CommandLine.open();
    const { findings } = await checked(line);
    expect(findings.filter(({ subject }) => subject === 'entries')).toMatchObject([
      { severity: 'ok', message: `none in files: there is no folder ${join(line.folder, 'entries.d')}` },
    ]);
  });

  it('warns of an entry that rests on what a program says of itself', async () => {
    await using line = await CommandLine.open();
    const folder = join(line.folder, 'entries.d');
    await mkdir(folder);
    const file = join(folder, 'web.yaml');
    const entry =
      '  - id: web\n    spiffe_id: spiffe://example.org/web\n    selectors: ["unix:path:/usr/bin/node"]\n';
    await writeFile(file, `entries:\n${entry}`);
    const { exit, findings } = await checked(line);
    expect(exit).toBe(0);
    expect(findings.filter(({ subject }) => subject === 'entries')).toMatchObject([
      { severity: 'warning', file, message: expect.stringContaining('web: ') },
    ]);
  });

  it('names a bundle file that cannot be read', async () => {
    await using line = await CommandLine.open();
    const folder = join(line.folder, 'bundles.d');
    await mkdir(folder);
    await writeFile(join(folder, 'partner.example.json'), 'nonsense');
    const { exit, findings } = await checked(line);
    expect(exit).toBe(3);
    expect(findings.filter(({ subject }) => subject === 'bundles')).toMatchObject([
      { severity: 'error', file: join(folder, 'partner.example.json') },
    ]);
  });

  it('names file and line of a fault in a launch definition, and of what it needs and is not there', async () => {
    await using line = await CommandLine.open();
    const folder = join(line.folder, 'launch.d');
    await mkdir(folder);
    const [good, bad] = [join(folder, 'a.yaml'), join(folder, 'b.yaml')];
    await writeFile(
      good,
      'launch:\n  - name: web\n    command: [/nowhere/web]\n    may_launch: {users: [root]}\n',
    );
    await writeFile(bad, 'launch:\n  - name: db\n    command: [db]\n');
    const { exit, findings } = await checked(line);
    expect(exit).toBe(3);
    expect(findings.filter(({ subject }) => subject === 'launch definitions')).toEqual([
      {
        severity: 'error',
        subject: 'launch definitions',
        message: 'launch[0].command[0]: found db',
        remedy: 'Allowed: an absolute path, or npx or uvx.',
        file: bad,
        line: 3,
      },
      {
        severity: 'error',
        subject: 'launch definitions',
        message: 'web: command: there is no /nowhere/web',
        remedy: 'Put an executable file there, or name another.',
        file: good,
        line: 2,
      },
    ]);
  });

  it('is content with launch definitions in which nothing is wrong, and with none', async () => {
    await using line = await CommandLine.open();
    const folder = join(line.folder, 'launch.d');
    const messages = async (): Promise<readonly string[]> =>
      (await checked(line)).findings.flatMap(({ subject, message }) =>
        subject === 'launch definitions' ? [message] : [],
      );
    expect(await messages()).toEqual([`none in files: there is no folder ${folder}`]);
    await mkdir(folder);
    await writeFile(join(folder, 'a.yaml'), 'launch:\n  - name: web\n    command: [/bin/sh]\n');
    expect(await messages()).toEqual([`1 in the files of ${folder}`]);
  });

  it('lists every fault of the settings, and still tries the kernel', async () => {
    await using line = await CommandLine.open();
    const file = join(line.folder, 'spoor.yaml');
    await writeFile(file, 'nonsense: 1\n');
    const { exit, findings } = await checked(line, '--config', file, '--http', 'here');
    expect(exit).toBe(3);
    expect(new Set(findings.map(({ subject }) => subject))).toEqual(new Set(['settings', 'kernel']));
    const faults = findings.filter(({ severity, subject }) => subject === 'settings' && severity === 'error');
    expect(faults).toHaveLength(2);
  });

  it('adds what the running daemon knows, once', async () => {
    await using line = await CommandLine.open();
    await using admin = await FakeAdmin.open();
    await chmod(admin.path, 0o600);
    const problem = {
      severity: 'warning',
      subject: 'record',
      message: 'the disk is nearly full',
      remedy: 'Make room.',
    };
    admin.problems = [{ ...problem, file: '', line: 0, path: '', found: '', allowed: '' }];
    const { exit, findings, warnings } = await checked(line, '--admin-socket', admin.path);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(findings.filter(({ subject }) => subject === 'record')).toEqual([problem]);
    expect(warnings).toBeGreaterThan(0);
    expect(exit).toBe(0);
  });

  it('shows findings for people, with the remedy below each that needs one', async () => {
    await using line = await CommandLine.open();
    const { out } = await line.run(['check', ...flagsIn(line.folder), '--state', '/dev/null']);
    expect(out).toContain(
      'error    state               /dev/null is not a folder\n                             Set another --state folder.\n',
    );
    expect(out).toMatch(/\n\n1 error, \d+ warnings?\n$/u);
  });
});
