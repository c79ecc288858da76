import type { Interpreter } from './interpreters.js';

/**
 * Options that shut an interpreter to what else runs as its user. Without them a process of that user needs no debugger to
 * put code into the launched program: it writes a file into the home folder, or knocks at a socket.
 *
 * Python: no packages of the user's own, of which `.pth` files and `usercustomize` run before the script. Java: no agents
 * that are loaded into it while it runs.
 *
 * Source: python(1), `-s`, and site; java(1), `-XX:+DisableAttachMechanism`.
 */
const GUARDS: Readonly<Partial<Record<Interpreter, readonly string[]>>> = {
  python: ['-s'],
  java: ['-XX:+DisableAttachMechanism'],
};

/** A command line with the options before all others. Node's depend on its version: see its loader. */
export function guarded(
  interpreter: Interpreter,
  [command = '', ...rest]: readonly string[],
): readonly string[] {
  return [command, ...(GUARDS[interpreter] ?? []), ...rest];
}
