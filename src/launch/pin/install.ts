import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.js';
import { SpoorError } from '../../core/errors.js';
import { sha256Hex } from '../../encoding/sha256.js';
import { writeFileAtomic } from '../../state/atomic-file.js';
import { makeFolder } from '../../state/make-folder.js';
import { shebang } from '../measuring/shebang.js';
import type { PackageSpec } from './package-spec.js';
import { pinFault, pinFile, pinFolder, readPin, type Pin } from './pin.js';

/** What installing needs from outside. */
export interface InstallDeps {
  readonly clock: Clock;
  /** For npm and pip: their proxies, registries and caches. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path of a command, for `npm`, `node` and `python3`. */
  readonly locate: (name: string) => Promise<string | undefined>;
}

/** Pins were there already, or were made. */
export interface Pinned {
  readonly pin: Pin;
  readonly isNew: boolean;
}

/** What an installation gives a pin. */
type Installed = Pick<Pin, 'command' | 'script' | 'lock'>;

/** The largest trees of packages, over a slow line. */
const INSTALL_MS = 15 * 60_000;
const execute = promisify(execFile);

/**
 * Installs one version of a package and records what was installed. Code of the package does not run meanwhile: npm is
 * told to leave its scripts alone, and pip to take wheels only.
 *
 * It is installed where it stays, since a virtual environment cannot be moved; pin.json is written last, and atomically,
 * so that a folder without it, of an installation that was cut short, is none and is made anew.
 *
 * Returns: the pin that is there, when its files are still those that were pinned.
 * Errors:  LAUNCH_FAILED, with what npm or pip said last.
 */
export async function pinPackage(packages: string, spec: PackageSpec, deps: InstallDeps): Promise<Pinned> {
  const known = await readPin(packages, spec);
  if (known !== undefined && (await pinFault(known)) === undefined) return { pin: known, isNew: false };
  const folder = pinFolder(packages, spec);
  await rm(folder, { recursive: true, force: true });
  await makeFolder(dirname(folder), 0o755);
  await mkdir(folder, 0o755);
  const installed = await (spec.registry === 'npm' ? installNpm : installPython)(folder, spec, deps);
  const pin: Pin = { ...spec, ...installed, pinned_at: deps.clock.now().toISOString() };
  await writeFileAtomic(pinFile(folder), `${JSON.stringify(pin, undefined, 2)}\n`, 0o644);
  return { pin, isNew: true };
}

async function installNpm(
  folder: string,
  { name, version }: PackageSpec,
  deps: InstallDeps,
): Promise<Installed> {
  const [npm, node] = [await located(deps, 'npm'), await located(deps, 'node')];
  const flags = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--package-lock=true'];
  await run(npm, ['install', '--prefix', folder, ...flags, `${name}@${version}`], deps);
  const home = join(folder, 'node_modules', name);
  const script = await realpath(join(home, await binOf(home, name))).catch((cause: unknown) => {
    throw new SpoorError('LAUNCH_FAILED', `the command of ${name} is no file of it`, { cause });
  });
  if (relative(await realpath(folder), script).startsWith('..'))
    throw failed(`the command of ${name} is no file of it`);
  const bytes = await readFile(script);
  const first = shebang(bytes, (command) => (command === 'node' ? node : undefined));
  if (first.kind === 'unclear') throw failed(`the command of ${name} cannot be launched: ${first.reason}`);
  const lock = join(folder, 'package-lock.json');
  return {
    command: [...(first.kind === 'none' ? [node] : first.argv), script],
    script: { path: script, sha256: sha256Hex(bytes) },
    lock: { path: lock, sha256: sha256Hex(await readFile(lock)) },
  };
}

/** The command that npx would run: the only one, or the one with the name of the package. */
async function binOf(home: string, name: string): Promise<string> {
  const { bin } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
    readonly bin?: unknown;
  };
  if (typeof bin === 'string') return bin;
  const commands = new Map(Object.entries(bin ?? {}));
  const found: unknown =
    commands.size === 1 ? [...commands.values()][0] : commands.get(name.replace(/^@[^/]*\//u, ''));
  if (typeof found === 'string') return found;
  const names = [...commands.keys()].join(', ') || 'none';
  throw failed(`${name} has no command of its own name; its commands: ${names}`);
}

async function installPython(
  folder: string,
  { name, version }: PackageSpec,
  deps: InstallDeps,
): Promise<Installed> {
  await run(await located(deps, 'python3'), ['-m', 'venv', folder], deps);
  const python = join(folder, 'bin', 'python');
  const flags = ['--disable-pip-version-check', '--no-input', '--only-binary=:all:'];
  await run(python, ['-m', 'pip', 'install', ...flags, `${name}==${version}`], deps);
  const script = join(folder, 'bin', name);
  const bytes = await readFile(script).catch((cause: unknown) => {
    throw new SpoorError('LAUNCH_FAILED', `${name} has no command of its own name`, { cause });
  });
  return { command: [python, script], script: { path: script, sha256: sha256Hex(bytes) } };
}

async function located({ locate }: InstallDeps, name: string): Promise<string> {
  const path = await locate(name);
  if (path === undefined) throw failed(`${name} is not installed`);
  return path;
}

async function run(command: string, args: readonly string[], { env }: InstallDeps): Promise<void> {
  try {
    await execute(command, args, { env: { ...env }, cwd: '/', timeout: INSTALL_MS });
  } catch (cause) {
    const said = String((cause as { readonly stderr?: string }).stderr ?? cause);
    const last = said.trim().split('\n').slice(-3).join(' ').slice(0, 500);
    throw new SpoorError('LAUNCH_FAILED', `${command} failed: ${last}`, { cause });
  }
}

function failed(message: string): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message);
}
