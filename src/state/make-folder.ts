import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and what is missing above it. One that is there stays as it is.
 *
 * Not `mkdir` with `recursive`: below /proc, where nothing can be made, Node's tries for ever.
 *
 * Takes:  `mode` of the folder and of those above it that are made, before the umask.
 * Errors: those of mkdir(2); EEXIST when something else has the name.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if ((await attempt(path, mode)) !== 'no parent') return;
  await makeFolder(dirname(path), mode);
  // Somebody else may have made it meanwhile; where there is still no parent there can be none.
  if ((await attempt(path, mode)) === 'no parent') await mkdir(path, mode);
}

async function attempt(path: string, mode: number): Promise<'there' | 'no parent'> {
  try {
    await mkdir(path, mode);
    return 'there';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(path))) return 'there';
    if (code === 'ENOENT' && dirname(path) !== path) return 'no parent';
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}
