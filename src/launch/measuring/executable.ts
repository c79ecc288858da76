import { closeSync, fstatSync, readSync } from 'node:fs';
import { SpoorError } from '../../core/errors.js';
import type { LookAs } from '../../kernel/file-rights.js';
import type { Digests } from '../../measurement/digests.js';
import { distrust } from '../../measurement/trusted-path.js';
import type { ExecutableCopies } from './executable-copies.js';
import { openFile, type OpenFile } from './open-file.js';

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
 * Takes:  `lookAs`: as whom it will run. It has to be able to read the program: else a copy, or /proc/PID/exe, would show
 *         it what it may not see.
 * Errors: LAUNCH_FAILED when it is not there, no regular file, cannot be read, or is too large for a copy.
 * Source: decision 4.
 */
export async function measureExecutable(
  path: string,
  lookAs: LookAs,
  deps: ExecutableDeps,
): Promise<MeasuredExecutable> {
  using opened = new DisposableStack();
  const { realPath, descriptor } = opened.use(openProgram(path, lookAs));
  const copiedSince = deps.mode === 'user' ? undefined : distrust(realPath);
  if (copiedSince !== undefined)
    return measured({ path, realPath, copiedSince, ...(await deps.copies.of(descriptor, realPath)) });
  const sha256 = await deps.digests.sha256Of(descriptor, fstatSync(descriptor, { bigint: true }));
  opened.move();
  return measured({ path, realPath, sha256, descriptor, copiedSince });
}

/** The first line of a file that is no program itself, but names its interpreter; undefined for others. Source: execve(2). */
export function firstLineOf(path: string, lookAs: LookAs): Buffer | undefined {
  using opened = openProgram(path, lookAs);
  const bytes = Buffer.alloc(FIRST_BYTES);
  const length = readSync(opened.descriptor, bytes, 0, FIRST_BYTES, 0);
  return bytes.toString('latin1', 0, 2) === '#!' ? bytes.subarray(0, length) : undefined;
}

function openProgram(path: string, lookAs: LookAs): OpenFile {
  using opened = new DisposableStack();
  const file = opened.use(openOrFail(path, lookAs));
  if (!fstatSync(file.descriptor).isFile()) throw failed(`${path} is no regular file`);
  opened.move();
  return file;
}

function openOrFail(path: string, lookAs: LookAs): OpenFile {
  try {
    return openFile(path, lookAs);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw failed(
      code === 'ENOENT' ? `there is no program ${path}` : `${path} cannot be opened (${code})`,
      cause,
    );
  }
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
