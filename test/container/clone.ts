import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './command.js';

const PROJECT = new URL('../../', import.meta.url).pathname;

/** Copies what git tracks, and what is new, as a fresh clone of the next commit would have it. */
export async function cloneProject(folder: string): Promise<void> {
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = await must('git', listing, { cwd: PROJECT });
  for (const name of listed.split('\0')) {
    // A file that was deleted, and not yet committed so, is still listed.
    if (name === '' || !existsSync(join(PROJECT, name))) continue;
    await cp(join(PROJECT, name), join(folder, name));
  }
}
