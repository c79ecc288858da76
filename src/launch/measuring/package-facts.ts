import { fstatSync, read as readCallback, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sha256Hex } from '../../encoding/sha256.js';
import type { LookAs } from '../../kernel/file-rights.js';
import { openFile } from './open-file.js';

const readBytes = promisify(readCallback);

/** What lies beside a script and says which package it is of. */
export interface PackageFacts {
  readonly lock: { readonly path: string; readonly sha256: string } | undefined;
  /** Name and version, joined by an at sign; undefined where no file says both. */
  readonly package: string | undefined;
  /** Why one of the two is missing although a file for it is there; sentences for people. */
  readonly problems: readonly string[];
}

/** As whom files are opened, and what went wrong. */
interface Search {
  readonly lookAs: LookAs;
  readonly problems: string[];
}

/** In the order in which they count. */
export const LOCK_FILES = [
  'package-lock.json',
  'uv.lock',
  'poetry.lock',
  'requirements.txt',
  'pnpm-lock.yaml',
] as const;

/** The largest lock files known, of monorepos, have a third of it. */
const MAX_LOCK_BYTES = 64 * 1024 * 1024;
/** npm refuses names of more than 214 bytes; a package.json with all its scripts stays far below. */
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** PATH_MAX over two bytes a folder. */
const MAX_FOLDERS = 2_048;
const NAME = /^(?:@[\w.~-]+\/)?[\w.~-]{1,214}$/u;
const VERSION = /^[\w.!+~-]{1,128}$/u;

/**
 * Reads which package a script is of, and the digest of its lock file.
 *
 * These files are read when the script is launched, and nothing keeps them as they were: what they say is worth as much
 * as the rights on their folder. The script itself is run from measured bytes; the modules that it imports are not.
 *
 * Takes:   `script`, absolute and without symbolic links, since a package manager's links lead out of its package.
 *          `lookAs`: as whom it will run; what that user may not read is a problem.
 * Returns: the first of LOCK_FILES beside the script; the package of the nearest package.json or pyproject.toml above,
 *          not beyond a node_modules folder, else, for a command of a virtual environment, that of the `.dist-info`
 *          folder that lists it.
 * Limit:   64 MiB for a lock file, 1 MiB for every other.
 * Errors:  none; what cannot be read is a problem.
 */
export async function packageFacts(script: string, lookAs: LookAs): Promise<PackageFacts> {
  const search: Search = { lookAs, problems: [] };
  const lock = await readLock(dirname(script), search);
  const named = (await packageAbove(dirname(script), search)) ?? (await distributionOf(script, search));
  return { lock, package: named, problems: search.problems };
}

async function readLock(folder: string, search: Search): Promise<PackageFacts['lock']> {
  for (const name of LOCK_FILES) {
    const path = join(folder, name);
    const bytes = await read(path, MAX_LOCK_BYTES, search);
    if (bytes === 'unreadable') return undefined;
    if (bytes !== undefined) return { path, sha256: sha256Hex(bytes) };
  }
  return undefined;
}

async function packageAbove(start: string, search: Search): Promise<string | undefined> {
  let folder = start;
  for (let count = 0; count < MAX_FOLDERS && basename(folder) !== 'node_modules'; count++) {
    const manifest = await read(join(folder, 'package.json'), MAX_MANIFEST_BYTES, search);
    const project = await read(join(folder, 'pyproject.toml'), MAX_MANIFEST_BYTES, search);
    if (manifest === 'unreadable' || project === 'unreadable') return undefined;
    const named =
      (manifest && fromPackageJson(manifest)) ?? (project && fromPyproject(project.toString('utf8')));
    if (named !== undefined || dirname(folder) === folder) return named;
    folder = dirname(folder);
  }
  return undefined;
}

/** Only a manifest with both counts: many packages have inner ones that say nothing but `type`. */
function fromPackageJson(bytes: Buffer): string | undefined {
  try {
    const manifest = JSON.parse(bytes.toString('utf8')) as {
      readonly name?: unknown;
      readonly version?: unknown;
    } | null;
    return together(manifest?.name, manifest?.version);
  } catch {
    // What is not JSON names no package, as for Node.
    return undefined;
  }
}

/**
 * Reads `name` and `version` of `[project]`, each a string on one line; nothing else of TOML is understood. A version that
 * the build works out is not there, and so there is no package.
 */
function fromPyproject(text: string): string | undefined {
  const [, table = ''] =
    /^\[project\][ \t]*(?:#.*)?$([^]*?)(?=^\[|(?![^]))/mu.exec(text.replaceAll('\r\n', '\n')) ?? [];
  return together(tomlString(table, 'name'), tomlString(table, 'version'));
}

function tomlString(table: string, key: string): string | undefined {
  const line = new RegExp(
    `^[ \\t]*${key}[ \\t]*=[ \\t]*(?:"([^"\\\\]*)"|'([^']*)')[ \\t]*(?:#.*)?$`,
    'mu',
  ).exec(table);
  return line?.[1] ?? line?.[2];
}

/** Looks for the distribution that installed `…/bin/NAME`: the one whose RECORD lists it. */
async function distributionOf(script: string, search: Search): Promise<string | undefined> {
  if (basename(dirname(script)) !== 'bin') return undefined;
  const entry = `../../../bin/${basename(script)},`;
  const lib = join(dirname(dirname(script)), 'lib');
  for (const python of names(lib, search).filter((name) => /^python\d/u.test(name))) {
    const packages = join(lib, python, 'site-packages');
    for (const info of names(packages, search).filter((name) => name.endsWith('.dist-info'))) {
      const record = await read(join(packages, info, 'RECORD'), MAX_MANIFEST_BYTES, search);
      if (!Buffer.isBuffer(record) || !`\n${record.toString('utf8')}`.includes(`\n${entry}`)) continue;
      const [name, version] = info.slice(0, -'.dist-info'.length).split('-');
      return together(name?.replaceAll('_', '-'), version);
    }
  }
  return undefined;
}

function together(name: unknown, version: unknown): string | undefined {
  if (typeof name !== 'string' || typeof version !== 'string') return undefined;
  return NAME.test(name) && VERSION.test(version) ? `${name}@${version}` : undefined;
}

function names(folder: string, { lookAs }: Search): readonly string[] {
  try {
    return lookAs(() => readdirSync(folder)).toSorted();
  } catch {
    // Not a virtual environment: nothing is missing.
    return [];
  }
}

/** Returns: undefined when there is no such file. */
async function read(
  path: string,
  limit: number,
  { lookAs, problems }: Search,
): Promise<Buffer | 'unreadable' | undefined> {
  try {
    using file = openFile(path, lookAs);
    return await readRegular(file.descriptor, limit);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    problems.push(`${path} cannot be read (${code ?? message})`);
    return 'unreadable';
  }
}

/** Reads no more than the limit, also of a file that grows meanwhile. */
async function readRegular(descriptor: number, limit: number): Promise<Buffer> {
  const facts = fstatSync(descriptor);
  if (!facts.isFile()) throw new Error('it is no regular file');
  if (facts.size > limit) throw new Error(`it has ${facts.size} bytes, allowed are ${limit}`);
  const bytes = Buffer.alloc(facts.size);
  const { bytesRead } = await readBytes(descriptor, bytes, 0, bytes.length, 0);
  return bytes.subarray(0, bytesRead);
}
