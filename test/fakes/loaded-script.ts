import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Loaded, LoaderInput } from '../../src/launch/loaders/loader.js';

/** What a run left behind. */
export interface RunOutcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** The program itself, where it is another file than `argv[0]` says. */
  readonly executable?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is written into the gate. */
  readonly gate?: string;
}

/** Runs a command line as it is. */
export async function plainRun(argv: readonly string[], options: RunOptions = {}): Promise<RunOutcome> {
  return await run(argv, options, []);
}

/** Runs `contents` as the script of a command line through a loader, as a launch would. */
export async function loadedRun(
  load: (input: LoaderInput) => Loaded,
  input: Omit<LoaderInput, 'descriptors'>,
  contents: string | Buffer,
  options: RunOptions = {},
): Promise<RunOutcome> {
  const { argv, loader } = load({ ...input, descriptors: { script: 3, loader: 4, gate: 5 } });
  const descriptors = [unlinkedFile(contents), unlinkedFile(loader)];
  try {
    return await run(argv, { gate: 'go\n', ...options }, descriptors);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

async function run(
  [command = '', ...args]: readonly string[],
  { executable = command, input = '', env = {}, cwd = '/', gate }: RunOptions,
  descriptors: readonly number[],
): Promise<RunOutcome> {
  const child = spawn(executable, args, {
    argv0: command,
    cwd,
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...descriptors, ...(gate === undefined ? [] : ['pipe' as const])],
  });
  const ended = new Promise<readonly [number | null, string | null]>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => {
      resolve([code, signal]);
    });
  });
  // A program that ends without reading makes the pipes fail, which is no fault of the test.
  child.stdin!.on('error', () => {}).end(input);
  const gateEnd = child.stdio.at(5) as Writable | undefined;
  gateEnd?.on('error', () => {}).end(gate);
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout!), text(child.stderr!), ended]);
  return { code, signal, out, err };
}

/** A file that no path leads to any more, like a memfd. */
function unlinkedFile(contents: string | Buffer): number {
  const folder = mkdtempSync(join(tmpdir(), 'spoor-test-'));
  const path = join(folder, 'file');
  writeFileSync(path, contents);
  const descriptor = openSync(path, 'r');
  unlinkSync(path);
  rmSync(folder, { recursive: true });
  return descriptor;
}
