import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE_OF_ROOT = '/var/cache/spoor';

/**
 * Lets Node.js keep what it has compiled, where nobody else can put anything: its usual place is in the system's
 * temporary folder, which another user may have made first, with other code in it.
 */
export function keepCompiledCode(): void {
  const own = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  nodeModule.enableCompileCache(process.geteuid?.() === 0 ? CACHE_OF_ROOT : join(own, 'spoor'));
}
