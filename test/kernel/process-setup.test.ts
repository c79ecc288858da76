import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fakes/temporary-folder.js';
import { typescriptArguments } from '../fakes/typescript-process.js';

const PROBE = fileURLToPath(new URL('../fakes/setup-probe.ts', import.meta.url));

type Step = readonly [name: string, ...values: readonly (string | number)[]];

interface Probe {
  readonly steps?: readonly Step[];
  /** How many descriptors stay open. */
  readonly keep?: number;
  readonly program: readonly string[];
  readonly env?: readonly string[];
  /** The command in front of it. */
  readonly through?: readonly string[];
}

/** What a program says that a process became after these steps. */
async function become({ steps = [], keep = 3, program, env = [], through = [] }: Probe): Promise<string> {
  const [command = '', ...args] = [
    ...through,
    process.execPath,
    ...typescriptArguments(
      PROBE,
      ...[[...steps, ['keepBelow', keep]], program, env].map((part) => JSON.stringify(part)),
    ),
  ];
  // Beside the usual three: three more, of which Node.js makes sure that no program gets them.
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'ignore', 'ignore'] });
  return await text(child.stdout!);
}

const status = (...steps: readonly Step[]) => become({ steps, program: ['/bin/cat', '/proc/self/status'] });

describe('a process before it becomes another program', () => {
  it('begins a session and a group of its own', async () => {
    const stat = await become({ steps: [['startSession']], program: ['/bin/cat', '/proc/self/stat'] });
    const [pid, , , , group, session, terminal] = stat.split(' ');
    expect([group, session, terminal]).toEqual([pid, pid, '0']);
  });

  it('forgets what Node.js does with signals, and what it was started with', async () => {
    const ignoring = ['/bin/sh', '-c', 'trap "" HUP USR2; exec "$0" "$@"'];
    const program = ['/bin/cat', '/proc/self/status'];
    expect(await become({ program, through: ignoring })).not.toContain('SigIgn:\t0000000000000000\n');
    const reset = await become({ program, through: ignoring, steps: [['resetSignals']] });
    for (const mask of ['SigIgn', 'SigBlk', 'SigCgt'])
      expect(reset).toContain(`${mask}:\t${'0'.repeat(16)}\n`);
  });

  it('forbids new privileges, for good', async () => {
    expect(await status()).toContain('NoNewPrivs:\t0\n');
    expect(await status(['forbidNewPrivileges'])).toContain('NoNewPrivs:\t1\n');
  });

  it('sets limits, soft and hard', async () => {
    const steps: readonly Step[] = [
      ['limit', 'nofile', 64, 128],
      ['limit', 'core', 0, 0],
      ['limit', 'cpu', 600, 'infinity'],
    ];
    const limits = await become({ steps, program: ['/bin/cat', '/proc/self/limits'] });
    expect(limits).toMatch(/^Max open files +64 +128 /m);
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    expect(limits).toMatch(/^Max cpu time +600 +unlimited /m);
  });

  it('leaves open what it is told to, and nothing else', async () => {
    const program = [
      '/bin/sh',
      '-c',
      'for fd in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; :',
    ];
    expect(await become({ program, steps: [['place', 0, 9]] })).toBe('');
    expect(await become({ program, steps: [['place', 0, 9]], keep: 10 })).toMatch(/^9$/m);
    expect(await become({ program, keep: 5 })).toBe('3\n4\n');
  });

  it('says which call was refused', async () => {
    expect(await status(['takeTerminal', 0])).toBe('TIOCSCTTY failed with ENOTTY');
    expect(await status(['startSession'], ['startSession'])).toBe('setsid failed with EPERM');
  });
});

describe('executing a descriptor', () => {
  it('passes arguments and environment as they are', async () => {
    const program = ['/bin/sh', '-c', 'printf "[%s]" "$@"', 'sh', 'two words', '', 'ä€𝄞'];
    expect(await become({ program })).toBe('[two words][][ä€𝄞]');
    const env = ['A=b=c', 'EMPTY=', 'Ü=ö'];
    expect(await become({ program: ['/usr/bin/env'], env })).toBe(`${env.join('\n')}\n`);
  });

  it('runs the file that was opened, whatever is at its path by then', async () => {
    await using folder = await temporaryFolder();
    const [path, other] = [join(folder.path, 'program'), join(folder.path, 'other')];
    copyFileSync('/bin/sh', path);
    copyFileSync('/bin/false', other);
    const program = [path, '-c', 'echo opened'];
    expect(await become({ program, steps: [['swap', other]] })).toBe('opened\n');
  });

  it('says why it cannot be', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'program');
    writeFileSync(path, 'no program\n');
    expect(await become({ program: [path] })).toBe('execveat: EACCES');
    chmodSync(path, 0o755);
    expect(await become({ program: [path] })).toBe('execveat: ENOEXEC');
  });
});
