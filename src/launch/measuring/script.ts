import { SpoorError } from '../../core/errors.js';
import { sha256Hex } from '../../encoding/sha256.js';
import type { LookAs } from '../../kernel/file-rights.js';
import { contentsOf, openFile, type OpenFile } from './open-file.js';

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
    const { realPath } = file;
    const bytes = bytesOf(file);
    return { path, realPath, bytes, sha256: sha256Hex(bytes) };
  } catch (cause) {
    if (cause instanceof SpoorError) throw cause;
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw failed(
      code === 'ENOENT' ? `there is no script ${path}` : `the script ${path} cannot be read (${code})`,
      cause,
    );
  }
}

function bytesOf(file: OpenFile): Buffer {
  const found = contentsOf(file, MAX_SCRIPT_BYTES);
  if ('bytes' in found) return found.bytes;
  if ('irregular' in found) throw failed(`the script ${file.realPath} is no regular file`);
  throw failed(`the script ${file.realPath} has ${found.size} bytes, at most ${MAX_SCRIPT_BYTES}`);
}

function failed(message: string, cause?: unknown): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message, { cause });
}
