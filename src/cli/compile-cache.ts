import nodeModule from 'node:module';
import { isAbsolute, join } from 'node:path';
import { homeFolder } from './home-folder.js';

const CACHE_OF_ROOT = '/var/cache/spoor';

/**
 * Lets Node.js keep what it has compiled, where nobody else can put anything: its usual place is in the system's
 * temporary folder, which another user may have made first, with other code in it. Who has no such place does without.
 *
 * Source: XDG Base Directory Specification, which has relative paths ignored: here the working folder may be anybody's.
 */
export function keepCompiledCode(): void {
  const folder = process.geteuid?.() === 0 ? CACHE_OF_ROOT : cacheOfUser();
  if (folder !== undefined) nodeModule.enableCompileCache(folder);
}

function cacheOfUser(): string | undefined {
  const { XDG_CACHE_HOME: named = '' } = process.env;
  if (isAbsolute(named)) return join(named, 'spoor');
  const home = homeFolder();
  return home === undefined ? undefined : join(home, '.cache', 'spoor');
}
