import { closeSync, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { ReadinessSet } from '../../kernel/readiness.js';
import type { Terminals } from '../../kernel/terminal.js';
import { TerminalRelay } from './terminal-relay.js';

const STANDARD = [0, 1, 2] as const;

/** What the program gets as standard input, output and error. */
export interface Stdio extends Disposable {
  readonly descriptors: readonly [number, number, number];
  /** Standard input is a terminal. */
  readonly terminal: boolean;
  /** Undefined where no terminal is involved. */
  readonly relay: TerminalRelay | undefined;
}

/**
 * Passes on what is no terminal as it is; in place of each that is one, the program gets a terminal of its own.
 *
 * Errors: KERNEL_UNSUPPORTED when there can be no terminal.
 */
export function attachedStdio(terminals: Terminals, readiness: ReadinessSet): Stdio {
  const terminal = isatty(0);
  const shownOn = [1, 2, 0].find((fd) => isatty(fd));
  const typedOn = terminal ? 0 : undefined;
  const relay =
    shownOn === undefined ? undefined : TerminalRelay.open(terminals, readiness, { shownOn, typedOn });
  const [stdin, stdout, stderr] = STANDARD.map((fd) => (isatty(fd) ? (relay?.slave ?? fd) : fd));
  return {
    descriptors: [stdin ?? 0, stdout ?? 1, stderr ?? 2],
    terminal,
    relay,
    [Symbol.dispose]: () => relay?.[Symbol.dispose](),
  };
}

/**
 * For a program that outlives this command: files are passed on, and nothing that ends with this command or that
 * somebody reads to its end, such as a terminal, a pipe or a socket.
 */
export function detachedStdio(): Stdio {
  const nothing = openSync('/dev/null', 'r+');
  const [stdin, stdout, stderr] = STANDARD.map((fd) => (isLasting(fd) ? fd : nothing));
  return {
    descriptors: [stdin ?? nothing, stdout ?? nothing, stderr ?? nothing],
    terminal: false,
    relay: undefined,
    [Symbol.dispose]: () => closeSync(nothing),
  };
}

function isLasting(fd: number): boolean {
  const facts = fstatSync(fd);
  return !isatty(fd) && !facts.isFIFO() && !facts.isSocket();
}
