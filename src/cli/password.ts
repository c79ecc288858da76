import { readFile } from 'node:fs/promises';
import { SpoorError } from '../core/errors.js';

/**
 * Reads the first line of a password file, without its line break.
 *
 * Errors: ARGUMENT_INVALID when the file cannot be read or its first line is empty.
 */
export async function readPassword(file: string): Promise<string> {
  const [line = ''] = (await textOf(file)).split(/\r?\n/u, 1);
  if (line !== '') return line;
  throw new SpoorError('ARGUMENT_INVALID', 'the password file is empty', { facts: { file } });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SpoorError('ARGUMENT_INVALID', `cannot read ${file}`, { facts: { file }, cause });
  }
}
