import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file so that every reader, and every crash, finds the old contents or the new ones, whole.
 *
 * Takes:   `mode`: the permissions of the new file, 0600 unless said; the umask does not change them.
 * Returns: when the contents and the name are on disk.
 * Errors:  the system's own, e.g. ENOSPC or EACCES; the old file is then untouched and nothing is left beside it.
 * Source:  rename(2), fsync(2): the folder too must be synced for the name to survive.
 */
export async function writeFileAtomic(path: string, bytes: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSynced(temporary, bytes, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, bytes: string | Uint8Array, mode: number): Promise<void> {
  // Exclusive: whoever planted this name beforehand must not receive what is written.
  await using file = await open(path, 'wx', mode);
  await file.chmod(mode);
  await file.writeFile(bytes);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
