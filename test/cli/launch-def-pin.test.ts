import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cli } from '../../src/cli/cli.js';
import { launchDefPin } from '../../src/cli/commands/launch-def-pin.js';
import type { SpoorError } from '../../src/core/errors.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { npmRegistry } from '../fakes/package-registry.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const HAS_NPM = spawnSync('npm', ['--version']).status === 0;

/** Types `spoor launch-def pin …` where the daemon knows one definition. */
async function pin(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  command: readonly string[] = ['npx', 'agent@1.0.0', '-x'],
): Promise<string> {
  let out = '';
  const cli = new Cli({
    out: { isTerminal: false, write: (text) => void (out += text) },
    err: { isTerminal: false, write: () => {} },
    clock: new FakeClock('2030-01-01T00:00:00Z'),
    facts: { uid: 0, home: folder, temporary: folder, env: { PATH: process.env['PATH'], ...env } },
    readInput: async () => '',
    interrupted: () => new AbortController().signal,
  });
  const ask = async (_: unknown, name: string): Promise<{ command: readonly string[]; packages: string }> => {
    expect(name).toBe('researcher');
    return { command, packages: join(folder, 'packages') };
  };
  await launchDefPin(cli, ask).parseAsync(args, { from: 'user' });
  return out;
}

const AGENT = {
  name: 'agent',
  version: '1.0.0',
  files: { 'package.json': '{"name": "agent", "version": "1.0.0", "bin": "a.js"}', 'a.js': '#!/bin/sh\n' },
};

describe.skipIf(!HAS_NPM)('spoor launch-def pin', () => {
  it('installs into the folder of the daemon, and says what is launched from now on', async () => {
    await using folder = await temporaryFolder();
    await using registry = await npmRegistry(folder.path, [AGENT]);
    const script = join(folder.path, 'packages/npm/agent@1.0.0/node_modules/agent/a.js');
    const [first, ...lines] = (await pin(folder.path, ['researcher'], registry.env)).split('\n');
    expect(first).toBe('pinned agent 1.0.0');
    expect(lines[0]?.trim()).toBe(`command        /bin/sh ${script}`);
    expect(await pin(folder.path, ['researcher'])).toMatch(/^already pinned agent 1\.0\.0\n/u);
  });

  it('prints the pin as JSON, with the folder that was named', async () => {
    await using folder = await temporaryFolder();
    await using registry = await npmRegistry(folder.path, [AGENT]);
    const packages = join(folder.path, 'elsewhere');
    const out = await pin(
      folder.path,
      ['researcher', '--packages', packages, '--output', 'json'],
      registry.env,
    );
    expect(JSON.parse(out)).toEqual({
      registry: 'npm',
      name: 'agent',
      version: '1.0.0',
      command: ['/bin/sh', join(packages, 'npm/agent@1.0.0/node_modules/agent/a.js')],
      script: { path: join(packages, 'npm/agent@1.0.0/node_modules/agent/a.js'), sha256: expect.any(String) },
      lock: { path: join(packages, 'npm/agent@1.0.0/package-lock.json'), sha256: expect.any(String) },
      pinned_at: '2030-01-01T00:00:00.000Z',
      folder: packages,
      installed: true,
    });
  });
});

describe('spoor launch-def pin of another command', () => {
  it('says that only packages are pinned', async () => {
    const failure = await pin('/nowhere', ['researcher'], {}, ['/usr/bin/node', '/x.js']).catch(
      (error: unknown) => error,
    );
    expect((failure as SpoorError).code).toBe('ARGUMENT_INVALID');
    expect((failure as SpoorError).message).toBe(
      'the definition researcher runs "/usr/bin/node", and only npx and uvx are pinned',
    );
  });

  it('says that a package has no one version', async () => {
    const failure = await pin('/nowhere', ['researcher'], {}, ['npx', 'agent']).catch(
      (error: unknown) => error,
    );
    expect((failure as SpoorError).code).toBe('LAUNCH_FAILED');
  });
});
