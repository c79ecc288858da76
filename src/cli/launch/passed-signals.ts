import { constants } from 'node:os';
import { PASSED_SIGNALS, type PassedSignal } from '../../wire/launch-frames.js';

type Pass = (signal: PassedSignal) => void;

const HARMLESS: ReadonlySet<PassedSignal> = new Set(['SIGCONT', 'SIGWINCH']);

/** Takes the signals that are meant for the program, until it is disposed of. None of them ends this process meanwhile. */
export class PassedSignals implements Disposable {
  readonly #handlers = new Map<PassedSignal, () => void>();
  readonly #early: PassedSignal[] = [];
  #pass: Pass = (signal) => this.#keep(signal);

  constructor() {
    for (const signal of PASSED_SIGNALS) {
      const handler = (): void => this.#pass(signal);
      this.#handlers.set(signal, handler);
      process.on(signal, handler);
    }
  }

  /** Gives them to `pass` from now on, and those first that came too early. */
  passTo(pass: Pass): void {
    this.#pass = pass;
    for (const signal of this.#early.splice(0)) pass(signal);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }

  /** Before there is a program. Who asks twice need not wait for it: the daemon then hangs up on it. */
  #keep(signal: PassedSignal): void {
    if (HARMLESS.has(signal)) return;
    if (this.#early.length > 0) process.exit(128 + constants.signals[signal]);
    this.#early.push(signal);
  }
}
