import { closeSync } from 'node:fs';
import type { Kernel } from '../../kernel/kernel.js';
import type { ReadinessSet } from '../../kernel/readiness.js';
import type { Launched } from './launch-client.js';

/** The launched program, watched by this process itself: for the case that the daemon, which watches it, goes away. */
export class LostProgram implements Disposable {
  readonly #kernel: Kernel;
  readonly #readiness: ReadinessSet;
  readonly #pid: number;
  /** Undefined when it has ended already. */
  readonly #pidfd: number | undefined;

  constructor(kernel: Kernel, readiness: ReadinessSet, { pid }: Launched) {
    this.#kernel = kernel;
    this.#readiness = readiness;
    this.#pid = pid;
    this.#pidfd = kernel.pidfds.open(pid);
  }

  /** Resolves once it has ended; its status is its parent's alone. */
  async exit(): Promise<void> {
    const pidfd = this.#pidfd;
    if (pidfd === undefined) return;
    await new Promise<void>((resolve) => {
      this.#readiness.add(pidfd, () => {
        this.#readiness.delete(pidfd);
        setImmediate(resolve);
      });
    });
  }

  /** Sends it a signal, if this user may. */
  signal(signal: NodeJS.Signals): void {
    if (this.#pidfd === undefined || this.#kernel.pidfds.hasExited(this.#pidfd)) return;
    try {
      process.kill(this.#pid, signal);
    } catch {
      // It runs as another user, and the daemon that could do it is gone: then nobody can.
    }
  }

  [Symbol.dispose](): void {
    if (this.#pidfd !== undefined) closeSync(this.#pidfd);
  }
}
