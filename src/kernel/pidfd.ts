import type { Libc } from './libc.js';

// The same numbers on every architecture.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const POLLIN = 0x001;
const EINTR = 4;

/**
 * Descriptors that name a process rather than its number. Readable once the process has exited.
 *
 * Source: pidfd_open(2).
 */
export class Pidfds {
  readonly #libc: Pick<Libc, 'declare' | 'errno'>;
  readonly #syscall: (number: number, pid: number, flags: number) => number;
  readonly #send: (number: number, pidfd: number, signal: number, info: null, flags: number) => number;
  readonly #poll: (fds: Buffer, count: number, timeoutMs: number) => number;
  readonly #pollfd = Buffer.alloc(8);

  constructor(libc: Pick<Libc, 'declare' | 'errno'>) {
    this.#libc = libc;
    this.#syscall = libc.declare('long syscall(long, int, uint32_t)');
    this.#send = libc.declare('long syscall(long, int, int, void*, uint32_t)');
    this.#poll = libc.declare('int poll(void*, ulong, int)');
  }

  /** Close-on-exec, as every pidfd is. Undefined when there is no such process. */
  open(pid: number): number | undefined {
    const fd = this.#syscall(SYS_PIDFD_OPEN, pid, 0);
    return fd < 0 ? undefined : fd;
  }

  /** Sends a signal by its number. False when the process is gone, or may not be signalled. Source: pidfd_send_signal(2). */
  signal(pidfd: number, signal: number): boolean {
    return this.#send(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, null, 0) === 0;
  }

  /** True once the process has exited, also while its parent has not yet reaped it. */
  hasExited(pidfd: number): boolean {
    this.#pollfd.writeInt32LE(pidfd, 0);
    this.#pollfd.writeInt16LE(POLLIN, 4);
    for (;;) {
      const ready = this.#poll(this.#pollfd, 1, 0);
      // A signal in between says nothing of the process; any other failure counts as its exit.
      if (ready >= 0 || this.#libc.errno() !== EINTR) return ready !== 0;
    }
  }
}
