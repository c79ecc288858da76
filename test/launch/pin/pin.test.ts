import { spawnSync } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SpoorError } from '../../../src/core/errors.js';
import { pinPackage, type InstallDeps } from '../../../src/launch/pin/install.js';
import { parsePackageCommand } from '../../../src/launch/pin/package-spec.js';
import { pinFile, pinFolder, pinnedCommand, readPin } from '../../../src/launch/pin/pin.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { outcome } from '../../fakes/outcome.js';
import { npmRegistry, pythonWheel, type NpmPackage } from '../../fakes/package-registry.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const where = (name: string): string =>
  (spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout ?? '').trim();
const NPM = where('npm');
const PYTHON = where('python3');
const HAS_VENV = PYTHON !== '' && spawnSync(PYTHON, ['-c', 'import ensurepip, venv']).status === 0;

const message = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'nothing was thrown',
    (error: unknown) => `${(error as SpoorError).code}: ${(error as SpoorError).message}`,
  );

function deps(env: Readonly<Record<string, string>>): InstallDeps {
  return {
    clock: new FakeClock('2030-01-01T00:00:00Z'),
    env: { PATH: process.env['PATH'], ...env },
    locate: async (name) => ({ npm: NPM, node: '/opt/node', python3: PYTHON })[name],
  };
}

describe('a command of npx or uvx', () => {
  it.each([
    [['npx', 'agent@1.2.3', '-v'], 'npm', 'agent', '1.2.3', ['-v']],
    [['/usr/bin/npx', '@acme/agent@1.2.3-rc.1+b'], 'npm', '@acme/agent', '1.2.3-rc.1+b', []],
    [['npx', 'a.b_c@0.0.1', 'x'], 'npm', 'a.b_c', '0.0.1', ['x']],
    [
      ['uvx', 'mcp-server-git==2025.1.14', '--repo', '/x'],
      'pypi',
      'mcp-server-git',
      '2025.1.14',
      ['--repo', '/x'],
    ],
    [['/opt/bin/uvx', 'Ruff==0.1rc1'], 'pypi', 'Ruff', '0.1rc1', []],
    [['uvx', 'a==1.0.post1'], 'pypi', 'a', '1.0.post1', []],
  ] as const)('%j names one version', (command, registry, name, version, args) => {
    expect(parsePackageCommand(command)).toEqual({ spec: { registry, name, version }, args });
  });

  it.each([
    [['npx', 'agent']],
    [['npx', 'agent@latest']],
    [['npx', 'agent@^1.2.3']],
    [['npx', 'agent@1.2']],
    [['npx', '../agent@1.2.3']],
    [['npx', '@acme/../agent@1.2.3']],
    [['npx', '-p', 'agent@1.2.3']],
    [['npx', '-y', 'agent@1.2.3']],
    [['npx', 'git+ssh://x@1.2.3']],
    [['uvx', 'agent']],
    [['uvx', 'agent==1.*']],
    [['uvx', 'agent>=1.0']],
    [['uvx', 'agent[extra]==1.0']],
    [['uvx', '--from', 'agent==1.0']],
    [['uvx']],
  ])('%j is refused', (command) => {
    expect(outcome(() => parsePackageCommand(command))).toBe('LAUNCH_FAILED');
  });

  it('is told from every other command', () => {
    expect(parsePackageCommand(['/usr/bin/node', 'npx', 'agent@1.2.3'])).toBeUndefined();
    expect(parsePackageCommand([])).toBeUndefined();
  });
});

const manifest = (name: string, bin: unknown, more: object = {}): string =>
  JSON.stringify({ name, version: '1.2.3', bin, ...more });

const PACKAGES: readonly NpmPackage[] = [
  {
    name: '@acme/agent',
    version: '1.2.3',
    files: {
      'package.json': manifest(
        '@acme/agent',
        { agent: 'bin/agent.mjs', other: 'x.js' },
        { dependencies: { plain: '1.2.3' } },
      ),
      'bin/agent.mjs': '#!/usr/bin/env -S node --no-warnings\nimport "plain"; console.log("agent")',
    },
  },
  {
    name: 'plain',
    version: '1.2.3',
    files: {
      'package.json': manifest('plain', './cli.js', {
        scripts: { postinstall: 'touch ran' },
      }),
      'cli.js': 'console.log("plain")',
    },
  },
  {
    name: 'only-one',
    version: '1.2.3',
    files: { 'package.json': manifest('only-one', { x: 'x.js' }), 'x.js': '#!/bin/sh -e\n' },
  },
  {
    name: 'many',
    version: '1.2.3',
    files: { 'package.json': manifest('many', { x: 'x.js', y: 'x.js' }), 'x.js': '' },
  },
  {
    name: 'outside',
    version: '1.2.3',
    files: { 'package.json': manifest('outside', '../../../../secret') },
  },
];

const npm = (name: string): { registry: 'npm'; name: string; version: string } => ({
  registry: 'npm',
  name,
  version: '1.2.3',
});

describe.skipIf(NPM === '')('pinning a package of npm', () => {
  it('installs it, records its command and digests, and launches what was pinned', async () => {
    await using folder = await temporaryFolder();
    await using registry = await npmRegistry(folder.path, PACKAGES);
    const packages = join(folder.path, 'packages');
    const { pin, isNew } = await pinPackage(packages, npm('@acme/agent'), deps(registry.env));
    const home = join(packages, 'npm', '%40acme%2Fagent@1.2.3');
    expect(isNew).toBe(true);
    expect(pin).toEqual({
      registry: 'npm',
      name: '@acme/agent',
      version: '1.2.3',
      command: ['/opt/node', '--no-warnings', join(home, 'node_modules/@acme/agent/bin/agent.mjs')],
      script: {
        path: join(home, 'node_modules/@acme/agent/bin/agent.mjs'),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/u),
      },
      lock: { path: join(home, 'package-lock.json'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) },
      pinned_at: '2030-01-01T00:00:00.000Z',
    });
    await expect(stat(join(home, 'node_modules/plain/cli.js'))).resolves.toBeDefined();
    expect((await stat(join(home, 'pin.json'))).mode & 0o777).toBe(0o644);
    expect(await pinnedCommand('d', ['npx', '@acme/agent@1.2.3', '-v'], packages)).toEqual({
      command: [...pin.command, '-v'],
      pin,
    });
  });

  it('runs no script of the package, and finds the command as npx does', async () => {
    await using folder = await temporaryFolder();
    await using registry = await npmRegistry(folder.path, PACKAGES);
    await writeFile(join(folder.path, 'secret'), '');
    const plain = await pinPackage(folder.path, npm('plain'), deps(registry.env));
    expect(plain.pin.command).toEqual([
      '/opt/node',
      join(folder.path, 'npm/plain@1.2.3/node_modules/plain/cli.js'),
    ]);
    await expect(stat(join(dirname(plain.pin.script.path), 'ran'))).rejects.toThrow('ENOENT');
    const one = await pinPackage(folder.path, npm('only-one'), deps(registry.env));
    expect(one.pin.command.slice(0, 2)).toEqual(['/bin/sh', '-e']);
    expect(await message(pinPackage(folder.path, npm('many'), deps(registry.env)))).toBe(
      'LAUNCH_FAILED: many has no command of its own name; its commands: x, y',
    );
    expect(await message(pinPackage(folder.path, npm('outside'), deps(registry.env)))).toBe(
      'LAUNCH_FAILED: the command of outside is no file of it',
    );
  });

  it('says what npm said, and leaves no pin behind', async () => {
    await using folder = await temporaryFolder();
    await using registry = await npmRegistry(folder.path, []);
    expect(await message(pinPackage(folder.path, npm('plain'), deps(registry.env)))).toMatch(
      /^LAUNCH_FAILED: .*npm failed: .*404/su,
    );
    expect(await readPin(folder.path, npm('plain'))).toBeUndefined();
  });

  it('keeps a pin that holds, and installs anew where its files were changed or it was cut short', async () => {
    await using folder = await temporaryFolder();
    await using registry = await npmRegistry(folder.path, PACKAGES);
    const first = await pinPackage(folder.path, npm('plain'), deps(registry.env));
    expect(await pinPackage(folder.path, npm('plain'), deps({}))).toEqual({ ...first, isNew: false });
    await writeFile(first.pin.script.path, 'console.log("EVIL")');
    expect(await pinPackage(folder.path, npm('plain'), deps(registry.env))).toEqual(first);
    await rm(pinFile(pinFolder(folder.path, npm('plain'))));
    expect(await pinPackage(folder.path, npm('plain'), deps(registry.env))).toEqual(first);
  });
});

describe.skipIf(!HAS_VENV)('pinning a package of PyPI', () => {
  it('installs it into a virtual environment of its own, whose command runs', async () => {
    await using folder = await temporaryFolder();
    const env = pythonWheel(PYTHON, folder.path, {
      name: 'agent',
      version: '2.0',
      code: 'import sys\ndef main(): print("agent", sys.argv[1:], sys.prefix)\n',
    });
    const packages = join(folder.path, 'packages');
    const { pin } = await pinPackage(
      packages,
      { registry: 'pypi', name: 'agent', version: '2.0' },
      deps(env),
    );
    const home = join(packages, 'pypi', 'agent@2.0');
    expect(pin.command).toEqual([join(home, 'bin/python'), join(home, 'bin/agent')]);
    const { command } = await pinnedCommand('d', ['uvx', 'agent==2.0', 'x'], packages);
    const { stdout } = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' });
    expect(stdout).toBe(`agent ['x'] ${home}\n`);
  }, 60_000);

  it('says what pip said', async () => {
    await using folder = await temporaryFolder();
    const env = { PIP_NO_INDEX: '1', PIP_CONFIG_FILE: '/dev/null' };
    const spec = { registry: 'pypi', name: 'agent', version: '2.0' } as const;
    expect(await message(pinPackage(folder.path, spec, deps(env)))).toMatch(/^LAUNCH_FAILED: .*agent==2\.0/u);
  }, 60_000);
});

describe('a pinned command', () => {
  /** A pin as if npm had installed `plain`. */
  async function written(packages: string, change: object = {}): Promise<string> {
    const home = pinFolder(packages, npm('plain'));
    const script = join(home, 'cli.js');
    await mkdir(home, { recursive: true });
    await writeFile(script, 'abc');
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const pin = {
      registry: 'npm',
      name: 'plain',
      version: '1.2.3',
      command: ['/opt/node', script],
      script: { path: script, sha256 },
      pinned_at: '2030-01-01T00:00:00.000Z',
    };
    await writeFile(pinFile(home), JSON.stringify({ ...pin, ...change }));
    return script;
  }

  it('takes the place of npx, and no other command is touched', async () => {
    await using folder = await temporaryFolder();
    const script = await written(folder.path);
    expect((await pinnedCommand('d', ['npx', 'plain@1.2.3', 'x'], folder.path)).command).toEqual([
      '/opt/node',
      script,
      'x',
    ]);
    const other = ['/usr/bin/node', '/x.js'];
    expect(await pinnedCommand('d', other, folder.path)).toEqual({ command: other, pin: undefined });
  });

  it('is refused when nothing is pinned', async () => {
    await using folder = await temporaryFolder();
    expect(await message(pinnedCommand('researcher', ['npx', 'plain@1.2.3'], folder.path))).toBe(
      'LAUNCH_FAILED: plain 1.2.3 is not pinned: run `spoor launch-def pin researcher`',
    );
  });

  it('is refused when its script is another one, or gone', async () => {
    await using folder = await temporaryFolder();
    const script = await written(folder.path);
    await writeFile(script, 'console.log("EVIL")');
    expect(await message(pinnedCommand('d', ['npx', 'plain@1.2.3'], folder.path))).toBe(
      `LAUNCH_FAILED: plain 1.2.3 is not as it was pinned: ${script} is not the file that was pinned`,
    );
    await rm(script);
    expect(await message(pinnedCommand('d', ['npx', 'plain@1.2.3'], folder.path))).toContain(
      `${script} is gone`,
    );
  });

  it.each([
    { version: '1.2.4' },
    { name: 'other' },
    { registry: 'pypi' },
    { command: [] },
    { more: 1 },
    { script: {} },
  ])('is refused when its pin is not one of that version: %j', async (change) => {
    await using folder = await temporaryFolder();
    await written(folder.path, change);
    expect(await message(pinnedCommand('d', ['npx', 'plain@1.2.3'], folder.path))).toMatch(
      /^LAUNCH_FAILED: .*pin\.json is not the pin of plain 1\.2\.3$/u,
    );
  });
});
