import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { SpoorError } from '../../core/errors.js';
import { sha256Hex } from '../../encoding/sha256.js';
import { parsePackageCommand, type PackageSpec } from './package-spec.js';

const SHA256 = z.string().regex(/^[0-9a-f]{64}$/u);
const PATH = z.string().refine(isAbsolute);
const PIN = z.strictObject({
  registry: z.enum(['npm', 'pypi']),
  name: z.string(),
  version: z.string(),
  /** What is executed in place of npx or uvx: interpreter, its arguments, script. */
  command: z.array(z.string()).min(2),
  script: z.strictObject({ path: PATH, sha256: SHA256 }),
  lock: z.strictObject({ path: PATH, sha256: SHA256 }).optional(),
  pinned_at: z.iso.datetime(),
});

/** What was installed for one version of a package: the contents of its pin.json. */
export type Pin = z.infer<typeof PIN>;

/** The command line that is launched in place of a package's. */
export interface PinnedCommand {
  readonly command: readonly string[];
  /** The pin that it rests on; undefined where the definition's command is no package's. */
  readonly pin: Pin | undefined;
}

/** Where one version of a package is installed, below the folder of all packages. */
export function pinFolder(packages: string, { registry, name, version }: PackageSpec): string {
  return join(packages, registry, `${encodeURIComponent(name)}@${version}`);
}

/** Where the pin of a package's folder is written, last of all files: a folder without it is none. */
export function pinFile(folder: string): string {
  return join(folder, 'pin.json');
}

/**
 * Reads the pin of a version of a package.
 *
 * Returns: undefined when it is not pinned.
 * Errors:  LAUNCH_FAILED when its pin.json is no pin of that version.
 */
export async function readPin(packages: string, spec: PackageSpec): Promise<Pin | undefined> {
  const path = pinFile(pinFolder(packages, spec));
  const text = await textOf(path);
  if (text === undefined) return undefined;
  const pin = PIN.safeParse(jsonOf(text));
  const isOfSpec =
    pin.data?.registry === spec.registry && pin.data.name === spec.name && pin.data.version === spec.version;
  if (pin.success && isOfSpec) return pin.data;
  throw new SpoorError('LAUNCH_FAILED', `${path} is not the pin of ${spec.name} ${spec.version}`);
}

/**
 * Says in one sentence how the files of a pin differ from what was pinned; undefined when they do not.
 *
 * Only script and lock file are compared: the modules of a package are not measured, and nobody but the operator writes them.
 */
export async function pinFault({ script, lock }: Pin): Promise<string | undefined> {
  for (const { path, sha256 } of [script, ...(lock === undefined ? [] : [lock])]) {
    const bytes = await bytesOf(path);
    if (bytes === undefined) return `${path} is gone`;
    if (sha256Hex(bytes) !== sha256) return `${path} is not the file that was pinned`;
  }
  return undefined;
}

/**
 * Puts what is pinned in the place of `npx NAME@VERSION` or `uvx NAME==VERSION`. Nothing is ever fetched here.
 *
 * Takes:   `command` of the definition `name`, without the caller's arguments.
 * Returns: every other command as it is.
 * Errors:  LAUNCH_FAILED when the version is not pinned, or its files are not those that were. Whoever opens the script
 *          afterwards compares what it reads with `pin.script.sha256` again.
 */
export async function pinnedCommand(
  name: string,
  command: readonly string[],
  packages: string,
): Promise<PinnedCommand> {
  const parsed = parsePackageCommand(command);
  if (parsed === undefined) return { command, pin: undefined };
  const { spec, args } = parsed;
  const pin = await readPin(packages, spec);
  if (pin === undefined)
    throw failed(`${spec.name} ${spec.version} is not pinned: run \`spoor launch-def pin ${name}\``);
  const fault = await pinFault(pin);
  if (fault !== undefined) throw failed(`${spec.name} ${spec.version} is not as it was pinned: ${fault}`);
  return { command: [...pin.command, ...args], pin };
}

async function textOf(path: string): Promise<string | undefined> {
  return (await bytesOf(path))?.toString('utf8');
}

/** Returns: undefined when there is no such file. */
async function bytesOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SpoorError('LAUNCH_FAILED', `${path} cannot be read (${code ?? String(error)})`, {
      cause: error,
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What is no JSON is no pin either, which is what the caller says.
    return undefined;
  }
}

function failed(message: string): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message);
}
