import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { remoteOf, writableAbove } from '../../measurement/trusted-path.js';

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
 * It is looked at as the daemon does at a launch.
 *
 * Source: decision 4.
 */
export async function writersOf(file: string): Promise<string | undefined> {
  const path = await realpath(file);
  const remote = remoteOf(path);
  if (remote !== undefined) return `${path} lies on ${remote}`;
  const found = writableAbove(path);
  if (found === undefined) return undefined;
  const { uid, gid, mode } = found.facts;
  if (uid !== 0) return `uid ${uid} owns ${found.at}`;
  return (mode & OTHERS_WRITE) === 0
    ? `gid ${gid} may write to ${found.at}`
    : `everybody may write to ${found.at}`;
}
