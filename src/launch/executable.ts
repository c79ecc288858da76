import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';
import type { Digests } from '../measurement/digests.js';
import { distrust } from '../measurement/trusted-path.js';
import type { ExecutableCopies } from './executable-copies.js';

/** Long enough for any first line that the kernel reads; execve(2). */
const FIRST_BYTES = 256;

/** A program, opened and measured: what is behind the descriptor has this digest, and keeps it. */
export interface MeasuredExecutable extends Disposable {
  /** As it was asked for. */
  readonly path: string;
  /** Without links. */
  readonly realPath: string;
  readonly sha256: string;
  /** Read-only; closed with this object. */
  readonly descriptor: number;
  /** Why it runs from a copy in memory, a sentence for people; undefined where the file itself runs. */
  readonly copiedSince: string | undefined;
}

export interface ExecutableDeps {
  readonly digests: Pick<Digests, 'sha256Of'>;
  readonly copies: ExecutableCopies;
  /** In user mode the file itself runs: whoever could change it could as well change the daemon (decision 13). */
  readonly mode: 'root' | 'user';
}

/**
 * Opens and measures a program. One that anybody else than root could change is copied into a sealed file first.
 *
 * Errors: LAUNCH_FAILED when it is not there, no regular file, cannot be read, or is too large for a copy.
 * Source: decision 4.
 */
export async function measureExecutable(path: string, deps: ExecutableDeps): Promise<MeasuredExecutable> {
  using opened = openProgram(path);
  const { realPath, descriptor } = opened;
  const copiedSince = deps.mode === 'user' ? undefined : distrust(realPath);
  if (copiedSince === undefined) {
    const sha256 = await deps.digests.sha256Of(descriptor, fstatSync(descriptor, { bigint: true }));
    return measured({ path, realPath, sha256, descriptor: opened.keep(), copiedSince });
  }
  return measured({ path, realPath, copiedSince, ...(await deps.copies.of(descriptor, realPath)) });
}

/** The first line of a file that is no program itself, but names its interpreter; undefined for others. Source: execve(2). */
export function firstLineOf(path: string): Buffer | undefined {
  using opened = openProgram(path);
  const bytes = Buffer.alloc(FIRST_BYTES);
  const length = readSync(opened.descriptor, bytes, 0, FIRST_BYTES, 0);
  return bytes.toString('latin1', 0, 2) === '#!' ? bytes.subarray(0, length) : undefined;
}

interface OpenedProgram extends Disposable {
  readonly realPath: string;
  readonly descriptor: number;
  /** It is not closed with this object. */
  keep(): number;
}

function openProgram(path: string): OpenedProgram {
  try {
    const realPath = realpathSync(path);
    // Without links: between here and the opening nothing else can be put in its place unseen.
    const descriptor = openSync(realPath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    let kept = false;
    return {
      realPath,
      descriptor: requireRegular(descriptor, path),
      keep: () => {
        kept = true;
        return descriptor;
      },
      [Symbol.dispose]: () => {
        if (!kept) closeSync(descriptor);
      },
    };
  } catch (cause) {
    if (cause instanceof SpoorError) throw cause;
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw failed(
      code === 'ENOENT' ? `there is no program ${path}` : `${path} cannot be opened (${code})`,
      cause,
    );
  }
}

function requireRegular(descriptor: number, path: string): number {
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw failed(`${path} is no regular file`);
}

function measured(facts: Omit<MeasuredExecutable, typeof Symbol.dispose>): MeasuredExecutable {
  let closed = false;
  return {
    ...facts,
    [Symbol.dispose]: () => {
      if (!closed) closeSync(facts.descriptor);
      closed = true;
    },
  };
}

function failed(message: string, cause?: unknown): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message, { cause });
}
