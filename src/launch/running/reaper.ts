import type { Children } from '../../kernel/children.js';

/** A child that Node.js is about to reap is looked at again after so long. */
const AGAIN_MS = 10;

/** Numbers of the daemon's own children, which Node.js reaps. */
export type OwnChildren = ReadonlySet<number>;

/**
 * Lets go of orphans that launched programs have left to the daemon; those that it started itself are left to Node.js,
 * which wants to know how they ended.
 *
 * Source: decision 5.
 */
export class Reaper {
  readonly #children: Children;
  readonly #own: OwnChildren;
  #again: NodeJS.Timeout | undefined;

  constructor(children: Children, own: OwnChildren) {
    this.#children = children;
    this.#own = own;
  }

  /** From now on orphans come to the daemon, and those that end are reaped at once. Errors: KERNEL_UNSUPPORTED. */
  watch(): Disposable {
    this.#children.adopt();
    const onEnd = (): void => this.reap();
    process.on('SIGCHLD', onEnd);
    return {
      [Symbol.dispose]: () => {
        process.off('SIGCHLD', onEnd);
        clearTimeout(this.#again);
      },
    };
  }

  /** Reaps every orphan that has ended, up to a child of our own that stands in front. */
  reap(): void {
    clearTimeout(this.#again);
    for (let pid = this.#children.peekEnded(); pid !== undefined; pid = this.#children.peekEnded()) {
      if (this.#own.has(pid)) {
        this.#again = setTimeout(() => this.reap(), AGAIN_MS);
        this.#again.unref();
        return;
      }
      this.#children.reap(pid);
    }
  }
}
