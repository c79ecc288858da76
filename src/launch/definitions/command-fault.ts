import { PACKAGE_FORM, packageOf, runnerOf } from '../pin/package-spec.js';

const MAX_PATH_BYTES = 4_095;
const PROGRAM = 'an absolute path, or npx or uvx';

/** What is wrong with a command: at which of its words, and what is allowed there. */
export interface CommandFault {
  readonly at: number;
  readonly allowed: string;
}

/** Judges the first words of a command, of which there is at least one; the others may be anything. */
export function commandFault(command: readonly string[]): CommandFault | undefined {
  const [program = ''] = command;
  const runner = runnerOf(command);
  if (program !== runner && !isPath(program)) return { at: 0, allowed: PROGRAM };
  if (runner === undefined || packageOf(command) !== undefined) return undefined;
  return { at: 1, allowed: PACKAGE_FORM[runner] };
}

/** Whether it is an absolute path of a file: no `.` or `..`, no slash twice or at its end. */
export function isPath(text: string): boolean {
  return (
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/.test(text) &&
    (text.length * 3 <= MAX_PATH_BYTES || Buffer.byteLength(text) <= MAX_PATH_BYTES)
  );
}
