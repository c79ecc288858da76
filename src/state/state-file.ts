import { SpoorError } from '../core/errors.js';
import { writeFileAtomic } from './atomic-file.js';

/**
 * Replaces a file of the state folder, mode 0600, whole or not at all.
 *
 * Errors: STATE_UNUSABLE naming the file and why, e.g. ENOSPC; the old file is then untouched.
 */
export async function writeStateFile(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text, 0o600);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new SpoorError('STATE_UNUSABLE', `${path} cannot be written: ${code}`, { cause });
  }
}
