/** A value that never changes, and word of when a newer one has taken its place. */
export interface Snapshot<T> {
  readonly value: T;
  /** Resolves once a newer value has taken its place. */
  readonly replaced: Promise<void>;
  /** Calls `listener` once, when a newer value has taken its place; the function that it gives takes that back. */
  onReplaced(listener: () => void): () => void;
}

/** Holds the latest snapshot. One writer, any number of readers; a slow reader skips to the newest value. */
export class SnapshotCell<T> {
  #current: HeldSnapshot<T>;

  constructor(initial: T) {
    this.#current = new HeldSnapshot(initial);
  }

  get current(): Snapshot<T> {
    return this.#current;
  }

  set(value: T): void {
    const before = this.#current;
    this.#current = new HeldSnapshot(value);
    before.announce();
  }
}

/**
 * Resolves when `snapshot` is replaced or `signal` aborts, whichever is first, and leaves no listener behind: ten
 * thousand readers that come and go while nothing changes leave the snapshot as they found it.
 */
export function untilReplaced(snapshot: Snapshot<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const aborted = (): void => {
      forget();
      resolve();
    };
    const forget = snapshot.onReplaced(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}

class HeldSnapshot<T> implements Snapshot<T> {
  readonly value: T;
  // Most snapshots are waited for by nobody or by one stream: the set appears with the first listener.
  #listeners: Set<() => void> | undefined;
  #isReplaced = false;

  constructor(value: T) {
    this.value = value;
  }

  get replaced(): Promise<void> {
    return new Promise((resolve) => {
      this.onReplaced(resolve);
    });
  }

  onReplaced(listener: () => void): () => void {
    if (this.#isReplaced) {
      queueMicrotask(listener);
      return () => {};
    }
    // Wrapped, so that the same function may listen twice.
    const own = (): void => listener();
    (this.#listeners ??= new Set()).add(own);
    return () => this.#listeners?.delete(own);
  }

  announce(): void {
    const listeners = this.#listeners;
    this.#isReplaced = true;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }
}
