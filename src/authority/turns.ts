/** Lets one change be made at a time, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Makes `change` when those before it have ended, however they ended. Errors: those of `change`. */
  async take<T>(change: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      return await change();
    } finally {
      resolve();
    }
  }
}
