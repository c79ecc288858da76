import { basename } from 'node:path';
import {
  GATE_CLOSED,
  LOADER_FAILURE,
  NOT_STARTED,
  type Loaded,
  type LoaderDescriptors,
  type LoaderInput,
} from './loader.js';

/**
 * Runs a script with bash 5.0 or later, from its descriptor: the loader is the script file that bash is given. It sets
 * `$0`, and evaluates the script with all three descriptors closed.
 *
 * Source: bash(1), BASH_ARGV0; `eval`, which reads and runs line by line as bash does with a file.
 */
export function loadWithBash({ argv, scriptAt, descriptors }: LoaderInput): Loaded {
  const read = `IFS= read -rd '' _spoor<&${descriptors.script}||:`;
  return {
    argv: [...argv.slice(0, scriptAt), `/proc/self/fd/${descriptors.loader}`, ...argv.slice(scriptAt)],
    loader: oneLine(descriptors, `BASH_ARGV0=$1;shift;${read}`),
  };
}

/**
 * Runs a script with any Bourne shell, from its descriptor: `-c` takes `$0` from the command line.
 *
 * A bash before 5.0 is told `--norc`: with `-c` and a socket as its standard input it takes itself for the child of rshd,
 * and would read ~/.bashrc, which no script does.
 *
 * Source: bash(1), INVOCATION; POSIX.1-2024, sh and `command -p`, which finds the system's own `cat`.
 */
export function loadWithShell({ argv, scriptAt, descriptors }: LoaderInput): Loaded {
  const [command = '', ...options] = argv.slice(0, scriptAt);
  const quiet = basename(command) === 'bash' ? ['--norc'] : [];
  const read = `_spoor=$(command -p cat<&${descriptors.script})||exit ${LOADER_FAILURE}`;
  return {
    argv: [
      command,
      ...quiet,
      ...options,
      '-c',
      `. /proc/self/fd/${descriptors.loader}`,
      ...argv.slice(scriptAt),
    ],
    loader: oneLine(descriptors, read),
  };
}

/** One line, since shells count the lines of what is evaluated from that of `eval`. Every part holds under `set -eu`. */
function oneLine({ script, loader, gate }: LoaderDescriptors, read: string): string {
  const parts = [
    `IFS= read -r _spoor<&${gate}||_spoor=`,
    `[ "$_spoor" = go ]||{ echo '${NOT_STARTED} ${GATE_CLOSED}'>&2;exit ${LOADER_FAILURE};}`,
    read,
    `exec ${[script, loader, gate].map((descriptor) => `${descriptor}<&-`).join(' ')}`,
    'eval "unset _spoor;$_spoor"',
  ];
  return `${parts.join(';')}\n`;
}
