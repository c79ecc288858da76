import { closeSync, openSync } from 'node:fs';

/** Standard input, output and error of a program, for as long as it may be started with them. */
export class HeldStdio implements Disposable {
  readonly descriptors: readonly [number, number, number];
  #closed = false;

  /** Takes: descriptors, which become its own. */
  constructor(descriptors: readonly [number, number, number]) {
    this.descriptors = descriptors;
  }

  /** Nothing to read, and nobody who reads. */
  static none(): HeldStdio {
    const open = (flags: string): number => openSync('/dev/null', flags);
    return new HeldStdio([open('r'), open('w'), open('w')]);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const descriptor of this.descriptors) closeSync(descriptor);
  }
}
