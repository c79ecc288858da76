import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MACHINE_CLOCK } from '../../../src/core/machine-clock.js';
import { FileRights } from '../../../src/kernel/file-rights.js';
import { Libc } from '../../../src/kernel/libc.js';
import { SealedFiles } from '../../../src/kernel/sealed-file.js';
import type { LaunchDefinition } from '../../../src/launch/definitions/definition.js';
import { ExecutableCopies } from '../../../src/launch/measuring/executable-copies.js';
import { InterpreterVersions } from '../../../src/launch/measuring/interpreter-versions.js';
import { pinFile, pinFolder } from '../../../src/launch/pin/pin.js';
import { ProgramMeasurer } from '../../../src/launch/measuring/program-measurer.js';
import { Accounts, type Account } from '../../../src/measurement/accounts.js';
import { Digests } from '../../../src/measurement/digests.js';
import { aDefinition } from '../../fakes/a-definition.js';
import { DESCRIPTORS, STAGE2_COMMAND } from '../../fakes/launch-house.js';
import { openDescriptors } from '../../fakes/open-descriptors.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const libc = new Libc();
const sealed = new SealedFiles(libc);
const NODE = process.execPath;

async function bench() {
  const cleanup = new AsyncDisposableStack();
  const { path: folder } = cleanup.use(await temporaryFolder());
  const stages = { mode: 'user', own: new Set<number>(), stage2: STAGE2_COMMAND } as const;
  const measurer = new ProgramMeasurer({
    digests: cleanup.use(new Digests({ clock: MACHINE_CLOCK })),
    copies: cleanup.use(new ExecutableCopies(sealed)),
    mode: 'user',
    sealed,
    rights: new FileRights(libc),
    versions: new InterpreterVersions({ ...stages, hardDescriptors: DESCRIPTORS }),
    packages: folder,
  });
  return {
    folder,
    file: (name: string, text: string | Buffer): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      chmodSync(path, 0o755);
      return path;
    },
    measure: async (wish: Partial<LaunchDefinition>, callerArgs: readonly string[] = []) =>
      cleanup.use(await measurer.measure(aDefinition(wish), callerArgs, await me())),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function me(): Promise<Account> {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  const known = (await new Accounts().table()).user(String(uid));
  return known ?? { name: String(uid), uid, gid, groups: [gid], home: '/', shell: '/bin/sh' };
}

function sha256Of(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a measured script', () => {
  it('is known by its bytes, its interpreter and that one’s arguments, its package and its lock file', async () => {
    await using at = await bench();
    const script = at.file('agent.mjs', 'console.log(1);\n');
    at.file('package.json', '{"name": "agent", "version": "1.2.3"}');
    const lock = '{"lockfileVersion": 3}';
    at.file('package-lock.json', lock);
    const program = await at.measure({ command: [NODE, '--no-warnings', script], args: ['x'] });
    expect(program.script).toEqual({
      path: script,
      sha256: sha256Of('console.log(1);\n'),
      interpreter: realpathSync(NODE),
      interpreterArgs: ['--no-warnings'],
      packageName: 'agent@1.2.3',
      lockSha256: sha256Of(lock),
    });
    expect(program.executable).toMatchObject({ realPath: realpathSync(NODE), copiedSince: undefined });
    expect(program.notes).toEqual([]);
    expect(program.argv.slice(-3)).toEqual(['--no-warnings', script, 'x']);
  });

  it('runs from sealed copies, which no later write reaches', async () => {
    await using at = await bench();
    const script = at.file('agent.sh', 'echo before\n');
    const { loaded } = await at.measure({ command: ['/bin/sh', script] });
    writeFileSync(script, 'echo after\n');
    if (loaded === undefined) throw new Error('there is no loader');
    expect(readFileSync(`/proc/self/fd/${loaded.script}`, 'utf8')).toBe('echo before\n');
    expect([loaded.script, loaded.loader].map((fd) => sealed.isSealed(fd))).toEqual([true, true]);
  });

  it('is what a link leads to, under the name of the link', async () => {
    await using at = await bench();
    const script = at.file('agent.sh', 'echo\n');
    const link = join(at.folder, 'link.sh');
    symlinkSync(script, link);
    const program = await at.measure({ command: ['/bin/sh', link] });
    expect(program.script).toMatchObject({ path: link, sha256: sha256Of('echo\n') });
  });

  it('may be named as the program, by its first line', async () => {
    await using at = await bench();
    const script = at.file('agent', '#!/bin/sh -e\necho\n');
    const program = await at.measure({ command: [script] });
    expect(program.script).toMatchObject({
      path: script,
      interpreter: realpathSync('/bin/sh'),
      interpreterArgs: ['-e'],
    });
  });

  it('of an interpreter without a loader counts only where nobody but root could change it', async () => {
    await using at = await bench();
    const ruby = at.file('ruby', readFileSync('/bin/true'));
    const script = at.file('agent.rb', 'puts 1\n');
    const program = await at.measure({ command: [ruby, script] });
    expect([program.script, program.loaded, program.argv]).toEqual([undefined, undefined, [ruby, script]]);
    expect(program.notes).toEqual([
      'there is no loader for ruby, so that its scripts run from disk',
      expect.stringMatching(/^it has no script:\* selectors, since .* (belongs to uid|can be written)/),
    ]);
    const trusted = await at.measure({ command: [ruby, '/etc/passwd'] });
    expect(trusted.script).toMatchObject({
      path: '/etc/passwd',
      sha256: sha256Of(readFileSync('/etc/passwd')),
    });
  });
});

describe('a program without a script', () => {
  it('has none, and says why where its interpreter could have had one', async () => {
    await using at = await bench();
    const program = await at.measure({ command: ['/bin/sh', '-c', 'echo'] });
    expect(program).toMatchObject({
      script: undefined,
      loaded: undefined,
      argv: ['/bin/sh', '-c', 'echo'],
      notes: ['it has no script:* selectors: -c takes the code itself from the command line'],
    });
    expect(await at.measure({ command: ['/bin/true'] })).toMatchObject({ script: undefined, notes: [] });
  });
});

describe('arguments of the caller', () => {
  it('stand behind all others where the definition takes them, and make no script', async () => {
    await using at = await bench();
    const program = await at.measure({ command: ['/bin/sh'], callerArgs: 'append' }, ['/etc/passwd']);
    expect(program).toMatchObject({ argv: ['/bin/sh', '/etc/passwd'], script: undefined });
    expect(program.notes).toEqual([expect.stringContaining('no script is named')]);
  });

  it('are refused where it takes none', async () => {
    await using at = await bench();
    await expect(at.measure({ command: ['/bin/true'] }, ['x'])).rejects.toMatchObject({
      code: 'LAUNCH_REFUSED',
      message: 'an argument was given, and the definition researcher takes none (caller_args)',
    });
  });
});

describe('a pinned package', () => {
  const spec = { registry: 'npm', name: 'agent', version: '1.0.0' } as const;

  function pin(folder: string, script: string, sha256: string): void {
    const home = pinFolder(folder, spec);
    mkdirSync(home, { recursive: true });
    writeFileSync(
      pinFile(home),
      JSON.stringify({
        ...spec,
        command: ['/bin/sh', script],
        script: { path: script, sha256 },
        pinned_at: '2030-01-01T00:00:00Z',
      }),
    );
  }

  it('is the script that was pinned', async () => {
    await using at = await bench();
    const script = at.file('pinned.sh', 'echo\n');
    pin(at.folder, script, sha256Of('echo\n'));
    const program = await at.measure({ command: ['npx', 'agent@1.0.0', '--port'], args: ['1'] });
    expect(program.script?.path).toBe(script);
    expect(program.argv.slice(-2)).toEqual(['--port', '1']);
  });

  it('does not run when it has changed, nor when it was never pinned', async () => {
    await using at = await bench();
    const script = at.file('pinned.sh', 'echo\n');
    pin(at.folder, script, sha256Of('something else\n'));
    for (const [version, why] of [
      ['1.0.0', 'is not as it was pinned'],
      ['1.0.1', 'is not pinned'],
    ]) {
      await expect(at.measure({ command: ['npx', `agent@${version}`] })).rejects.toMatchObject({
        code: 'LAUNCH_FAILED',
        message: expect.stringContaining(why ?? ''),
      });
    }
  });
});

it('leaves no descriptor behind, whether it measures or fails', async () => {
  await using at = await bench();
  const script = at.file('agent.sh', 'echo\n');
  const round = async (): Promise<void> => {
    (await at.measure({ command: ['/bin/sh', script] }))[Symbol.dispose]();
    await at.measure({ command: ['/bin/sh', `${script}.absent`] }).catch(() => undefined);
  };
  await round();
  const before = openDescriptors();
  for (let count = 0; count < 10; count++) await round();
  expect(openDescriptors()).toBeLessThanOrEqual(before);
});
