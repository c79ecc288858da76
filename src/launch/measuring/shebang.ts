import { basename } from 'node:path';

/** BINPRM_BUF_SIZE of linux/binfmts.h: the kernel reads no more of the first line. */
const MAX_LINE_BYTES = 256;

/** What the first line of a script file names: an interpreter, with the arguments that stand before the script. */
export type Shebang =
  | { readonly kind: 'none' }
  | { readonly kind: 'interpreter'; readonly argv: readonly string[] }
  | { readonly kind: 'unclear'; readonly reason: string };

/**
 * Reads the `#!` line of a script file, so that `[/opt/agent, x]` can be launched as `[...argv, /opt/agent, x]`.
 *
 * Shape:   `#!`, blanks, an absolute path, and one argument with blanks in it, as the kernel takes it. `/usr/bin/env NAME`
 *          and `/usr/bin/env -S NAME ARG…` are replaced by what they would execute; env's other options are not.
 * Takes:   `bytes`, the file from its start; `locate`, the absolute path of a command of the fixed PATH.
 * Returns: `none` for a file that does not begin with `#!`.
 * Limit:   256 bytes for the line.
 * Errors:  none; what cannot be told is a reason.
 * Source:  execve(2), "Interpreter scripts"; env(1).
 */
export function shebang(bytes: Buffer, locate: (name: string) => string | undefined): Shebang {
  if (bytes.toString('latin1', 0, 2) !== '#!') return { kind: 'none' };
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf('\n');
  if (end === -1 && bytes.length >= MAX_LINE_BYTES) {
    return unclear(`its first line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  const line = bytes.toString('utf8', 2, end === -1 ? bytes.length : end);
  if (line.includes('\0') || line.includes('\uFFFD')) return unclear('its first line is not text');
  const [, interpreter, argument = ''] = /^[ \t]*([^ \t]*)[ \t]*(.*?)[ \t]*$/su.exec(line) ?? [];
  if (interpreter === undefined || !interpreter.startsWith('/')) {
    return unclear('its first line names no interpreter by an absolute path');
  }
  if (basename(interpreter) === 'env') return throughEnv(argument, locate);
  return { kind: 'interpreter', argv: argument === '' ? [interpreter] : [interpreter, argument] };
}

function throughEnv(argument: string, locate: (name: string) => string | undefined): Shebang {
  const split = /^(?:-S|--split-string=)[ \t]*(.*)$/su.exec(argument);
  const words = split === null ? [argument] : (split[1] ?? '').split(/[ \t]+/u);
  const [name = '', ...rest] = words;
  // Quotes, escapes and variables have rules of their own in env(1); a first word with `=` would set a variable.
  if (split !== null && /["'\\$#]/u.test(split[1] ?? ''))
    return unclear('env -S with quotes, escapes or variables');
  if (name === '' || name.startsWith('-') || name.includes('='))
    return unclear(`env with ${JSON.stringify(argument)}`);
  const path = name.includes('/') ? name : locate(name);
  if (path === undefined || !path.startsWith('/')) return unclear(`env finds no ${JSON.stringify(name)}`);
  return { kind: 'interpreter', argv: [path, ...rest] };
}

function unclear(reason: string): Shebang {
  return { kind: 'unclear', reason };
}
