import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { SpoorError } from '../core/errors.js';
import type { LaunchDefinition } from './definition.js';
import { firstLineOf } from './executable.js';
import { FIXED_PATH } from './fixed-path.js';
import { shebang } from './shebang.js';

/**
 * The command line that a definition means, without the caller's arguments: a script that is named as the program is
 * given to its interpreter, as the kernel would.
 *
 * Errors: LAUNCH_FAILED when the program is not there, or its first line cannot be followed.
 * Source: execve(2), "Interpreter scripts".
 */
export function commandOf({ command, args }: LaunchDefinition): readonly string[] {
  const [program = '', ...rest] = [...command, ...args];
  const line = firstLineOf(program);
  if (line === undefined) return [program, ...rest];
  const named = shebang(line, locate);
  if (named.kind === 'interpreter') return [...named.argv, program, ...rest];
  const why = named.kind === 'unclear' ? named.reason : 'it is no program';
  throw new SpoorError('LAUNCH_FAILED', `${program} cannot be followed to its interpreter: ${why}`);
}

function locate(name: string): string | undefined {
  return FIXED_PATH.split(':')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // any reason will do: the next folder may have it
  }
}
