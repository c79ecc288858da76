import { constants } from 'node:os';

/** SIGPIPE: nobody reads what it shows. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

/**
 * Notices the signals by which a viewer ends the demo, until it is disposed of. None of them ends this process meanwhile,
 * however often they come: `npm run` passes on the Ctrl-C that the terminal has sent already.
 */
export class Interruption implements Disposable {
  readonly #stop = new AbortController();
  #exitCode = 0;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#stop.signal.aborted) return;
    this.#exitCode = 128 + constants.signals[signal];
    this.#stop.abort();
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Aborts at the first of them. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** What a process ends with that such a signal has ended; 0 before there is one. */
  get exitCode(): number {
    return this.#exitCode;
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }
}
