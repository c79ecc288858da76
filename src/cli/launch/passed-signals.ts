import { PASSED_SIGNALS, type PassedSignal } from '../../wire/launch-frames.js';

type Pass = (signal: PassedSignal) => void;

/** Takes the signals that are meant for the program, until it is disposed of. None of them ends this process meanwhile. */
export class PassedSignals implements Disposable {
  readonly #handlers = new Map<PassedSignal, () => void>();
  #pass: Pass;

  constructor(pass: Pass) {
    this.#pass = pass;
    for (const signal of PASSED_SIGNALS) {
      const handler = (): void => this.#pass(signal);
      this.#handlers.set(signal, handler);
      process.on(signal, handler);
    }
  }

  /** Gives them to `pass` from now on. */
  passTo(pass: Pass): void {
    this.#pass = pass;
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
