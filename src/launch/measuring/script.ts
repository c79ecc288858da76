import { createHash } from 'node:crypto';
import { fstatSync, readFileSync } from 'node:fs';
import { SpoorError } from '../../core/errors.js';
import type { LookAs } from '../../kernel/file-rights.js';
import { openFile } from './open-file.js';

/** A script is read by people, or bundled from what people wrote. */
const MAX_SCRIPT_BYTES = 32 * 1_048_576;

/** A script, read once: these bytes are measured, and these run. */
export interface MeasuredScript {
  /** As the definition names it. */
  readonly path: string;
  /** Without links. */
  readonly realPath: string;
  readonly bytes: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Takes:  `lookAs`: as whom it will run; what that user may not read is not read for it.
 * Errors: LAUNCH_FAILED when it is not there, no regular file, too large, or cannot be read.
 */
export function measureScript(path: string, lookAs: LookAs): MeasuredScript {
  try {
    using file = openFile(path, lookAs);
    const { realPath, descriptor } = file;
    const bytes = readWhole(descriptor, realPath);
    return { path, realPath, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    if (cause instanceof SpoorError) throw cause;
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw failed(
      code === 'ENOENT' ? `there is no script ${path}` : `the script ${path} cannot be read (${code})`,
      cause,
    );
  }
}

function readWhole(descriptor: number, path: string): Buffer {
  const facts = fstatSync(descriptor);
  if (!facts.isFile()) throw failed(`the script ${path} is no regular file`);
  if (facts.size > MAX_SCRIPT_BYTES) {
    throw failed(`the script ${path} has ${facts.size} bytes, at most ${MAX_SCRIPT_BYTES}`);
  }
  return readFileSync(descriptor);
}

function failed(message: string, cause?: unknown): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message, { cause });
}
