import type { LogFields, Logger } from '../core/log.js';

/**
 * Says once that issuing fails. What stops one instance's documents, a full disk or an authority that is away, stops
 * those of thousands, and their lines would say the same.
 */
export class IssuingTrouble {
  readonly #log: Logger;
  #failing = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** True while the last attempt failed. */
  get failing(): boolean {
    return this.#failing;
  }

  report(fields: LogFields): void {
    const message = 'documents could not be issued; those that are valid are served on';
    if (this.#failing) this.#log.debug(message, fields);
    else this.#log.warn(message, fields);
    this.#failing = true;
  }

  clear(): void {
    if (this.#failing) this.#log.info('documents are issued again');
    this.#failing = false;
  }
}
