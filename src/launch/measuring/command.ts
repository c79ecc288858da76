import { accessSync, constants } from 'node:fs';
import { basename, join } from 'node:path';
import { SpoorError } from '../../core/errors.js';
import type { LookAs } from '../../kernel/file-rights.js';
import type { LaunchDefinition } from '../definitions/definition.js';
import { firstLineOf } from './executable.js';
import { FIXED_PATH } from '../fixed-path.js';
import { pinnedCommand, type Pin } from '../pin/pin.js';
import { shebang } from './shebang.js';

/** What is executed for a definition, without the caller's arguments. */
export interface DefinedCommand {
  readonly argv: readonly string[];
  /** The pin that it rests on; undefined where the definition names no package. */
  readonly pin: Pin | undefined;
}

/**
 * The command line that a definition means: a pinned package is its script, and a script that is named as the program
 * is given to its interpreter, as the kernel or env(1) would.
 *
 * Takes:  `packages`: the folder of pinned packages. `lookAs`: as whom it will run.
 * Errors: LAUNCH_FAILED when the program is not there, the package is not pinned or not as it was pinned, or a first
 *         line cannot be followed.
 * Source: execve(2), "Interpreter scripts".
 */
export async function commandOf(
  { name, command, args }: LaunchDefinition,
  packages: string,
  lookAs: LookAs,
): Promise<DefinedCommand> {
  const { command: pinned, pin } = await pinnedCommand(name, command, packages);
  const argv = withoutEnv([...pinned, ...args]);
  const [program = '', ...rest] = argv;
  const line = firstLineOf(program, lookAs);
  if (line === undefined) return { argv, pin };
  const named = shebang(line, locate);
  if (named.kind === 'interpreter') return { argv: [...named.argv, program, ...rest], pin };
  const why = named.kind === 'unclear' ? named.reason : 'it is no program';
  throw new SpoorError('LAUNCH_FAILED', `${program} cannot be followed to its interpreter: ${why}`);
}

/** `/usr/bin/env NAME …` executes another program at once: it is that one which is measured. */
function withoutEnv(argv: readonly string[]): readonly string[] {
  const [program = '', name = '', ...rest] = argv;
  if (basename(program) !== 'env' || !/^[\w.][\w.+-]*$/u.test(name)) return argv;
  const found = locate(name);
  return found === undefined ? argv : [found, ...rest];
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
