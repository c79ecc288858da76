import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';
import type { Digests } from './digests.js';

const DELETED = ' (deleted)';

/** The program that a process presents: decision 2 says what that is worth. */
export interface Executable {
  /** Absent when it cannot be read, or is not UTF-8. Where the file was deleted, the path that it had. */
  readonly path?: string;
  /** True when the file is known to be gone from every folder: another may be found under its path by now. */
  readonly deleted: boolean;
  /** Lower-case hex; absent when the file cannot be read or hashed. */
  readonly sha256?: string;
  /** Why one of the two is missing, a sentence for people. */
  readonly problem?: string;
}

type Located = Omit<Executable, 'sha256'>;

/**
 * Measures the executable of a process: one file is opened, and its path and digest are of that file.
 *
 * Takes:   `folder` of the process, e.g. `/proc/self/fd/31` or `/proc/4242`.
 * Returns: the executable itself when its digest is known, else a promise.
 * Errors:  none; what may not be read is a `problem`. Whether the process is still there is asked afterwards,
 *          of the process and not of its executable, which kernel threads do not have.
 */
export function measureExecutable(folder: string, digests: Digests): Executable | Promise<Executable> {
  let descriptor: number;
  try {
    descriptor = openSync(`${folder}/exe`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(folder, error);
  }
  const measured = measureOpened(descriptor, digests);
  if (!(measured instanceof Promise)) {
    closeSync(descriptor);
    return measured;
  }
  return measured.finally(() => {
    closeSync(descriptor);
  });
}

function measureOpened(descriptor: number, digests: Digests): Executable | Promise<Executable> {
  // fstat first: a file that has no links at this moment has none when the path is read, so that the suffix is the kernel's.
  const facts = fstatSync(descriptor, { bigint: true });
  const located = locate(`/proc/self/fd/${descriptor}`, facts.nlink === 0n);
  try {
    const sha256 = digests.sha256Of(descriptor, facts);
    if (typeof sha256 === 'string') return { ...located, sha256 };
    return sha256.then(
      (sha256) => ({ ...located, sha256 }),
      (error: unknown) => withProblem(located, error),
    );
  } catch (error) {
    return withProblem(located, error);
  }
}

/**
 * The path behind a link of /proc. The kernel appends ` (deleted)` to the path of a file that was unlinked,
 * but a file may also be called so; the suffix is taken off only where the file is known to be unlinked,
 * for else `/tmp/x (deleted)` would pass for `/tmp/x`.
 */
function locate(link: string, deleted: boolean): Located {
  const text = readlinkSync(link);
  // Bytes that are not UTF-8 come out as U+FFFD: two paths would read the same.
  if (text.includes('\uFFFD') && !Buffer.from(text).equals(readlinkSync(link, 'buffer'))) {
    return { deleted, problem: 'the path of its executable is not UTF-8' };
  }
  return { path: deleted && text.endsWith(DELETED) ? text.slice(0, -DELETED.length) : text, deleted };
}

/** The executable may not be opened: perhaps its path may be read all the same. */
function unreadable(folder: string, error: unknown): Executable {
  try {
    return withProblem(locate(`${folder}/exe`, false), error);
  } catch {
    // What the failed open said is reported; that the link cannot be read either adds nothing.
    return withProblem({ deleted: false }, error);
  }
}

function withProblem(located: Located, error: unknown): Executable {
  if (located.problem !== undefined) return located;
  if (error instanceof SpoorError) return { ...located, problem: `its executable has ${error.message}` };
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return { ...located, problem: `its executable cannot be opened (${code})` };
}
