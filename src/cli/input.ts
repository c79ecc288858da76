import { readFile } from 'node:fs/promises';
import { SpoorError } from '../core/errors.js';
import type { Cli } from './cli.js';

/** A bundle or an export of entries is far below this. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024;

/**
 * Reads a file that was named on the command line, or standard input for `-`.
 *
 * Errors: ARGUMENT_INVALID when it cannot be read, is larger than 64 MiB, or is not UTF-8.
 */
export async function readInput(cli: Cli, file: string): Promise<string> {
  if (file === '-') return await cli.io.readInput();
  const bytes = await bytesOf(file);
  if (bytes.length > MAX_INPUT_BYTES) throw unreadable(file, `it has more than ${MAX_INPUT_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, 'it is not UTF-8', cause);
  }
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw unreadable(file, code === 'ENOENT' ? 'there is no such file' : code, cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): SpoorError {
  return new SpoorError('ARGUMENT_INVALID', `cannot read ${file}: ${why}`, { facts: { file }, cause });
}
