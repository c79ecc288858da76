/** A value that never changes, and a promise that resolves once a newer one has taken its place. */
export interface Snapshot<T> {
  readonly value: T;
  readonly replaced: Promise<void>;
}

/** Holds the latest snapshot. One writer, any number of readers; a slow reader skips to the newest value. */
export class SnapshotCell<T> {
  #current: Snapshot<T>;
  #announce = (): void => {};

  constructor(initial: T) {
    this.#current = this.#wrap(initial);
  }

  get current(): Snapshot<T> {
    return this.#current;
  }

  set(value: T): void {
    const announce = this.#announce;
    this.#current = this.#wrap(value);
    announce();
  }

  #wrap(value: T): Snapshot<T> {
    const replaced = new Promise<void>((resolve) => {
      this.#announce = resolve;
    });
    return { value, replaced };
  }
}

/** Resolves when `snapshot` is replaced or `signal` aborts, whichever is first, and leaves no listener behind. */
export function untilReplaced(snapshot: Snapshot<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) return done();
    signal.addEventListener('abort', done);
    void snapshot.replaced.then(done);
  });
}
