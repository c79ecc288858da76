import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** What is at a path, behind links: something, nothing, or what this user may not see, with the system's word for why. */
export type Look =
  | { readonly stats: Stats }
  | { readonly failure: 'absent' }
  | { readonly failure: 'hidden'; readonly code: string };

export async function lookAt(path: string): Promise<Look> {
  try {
    return { stats: await stat(path) };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? { failure: 'absent' } : { failure: 'hidden', code };
  }
}

/**
 * Who but root could change a file that is there, or swap it by a folder above it: a sentence, or undefined for nobody.
 *
 * Source: decision 4.
 */
export async function writersOf(file: string): Promise<string | undefined> {
  for (let path = await realpath(file); ; path = dirname(path)) {
    const { uid, gid, mode } = await stat(path);
    if (uid !== 0) return `uid ${uid} owns ${path}`;
    if ((mode & OTHERS_WRITE) !== 0) return `everybody may write to ${path}`;
    if ((mode & GROUP_WRITES) !== 0 && gid !== 0) return `gid ${gid} may write to ${path}`;
    if (path === '/') return undefined;
  }
}
