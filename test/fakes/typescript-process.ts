import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Lets Node find `x.ts` where the sources import `x.js`; types it strips by itself. */
const LOADER = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (specifier, context, next) =>
    next(/^\\..*\\.js$/.test(specifier) && !context.parentURL.includes('node_modules') ? specifier.slice(0, -2) + 'ts' : specifier, context) });
`)}`;

/** Arguments with which Node runs TypeScript of `test/` and `src/`. */
export function typescriptArguments(...rest: readonly string[]): string[] {
  return ['--import', LOADER, ...rest];
}

/** A Node process that runs a file of `test/`. */
export function spawnTypescript(file: URL, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, typescriptArguments(fileURLToPath(file), ...args), options);
}
