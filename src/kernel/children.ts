import { errnoName, type Libc } from './libc.js';
import { SpoorError } from '../core/errors.js';

const PR_SET_CHILD_SUBREAPER = 36;
const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const SIGINFO_BYTES = 128;
/** `si_pid` of siginfo_t, on every 64-bit architecture. */
const SI_PID = 16;

/** Children of this process, among them those that others have left to it. */
export class Children {
  readonly #libc: Libc;
  readonly #waitid: (type: number, id: number, info: Buffer, options: number) => number;
  readonly #waitpid: (pid: number, status: null, options: number) => number;
  readonly #info = Buffer.alloc(SIGINFO_BYTES);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#waitid = libc.declare('int waitid(int, uint32_t, void*, int)');
    this.#waitpid = libc.declare('int waitpid(int, void*, int)');
  }

  /**
   * From now on a process below this one that loses its parent becomes a child of this one, and not of init.
   *
   * Errors: KERNEL_UNSUPPORTED.
   * Source: PR_SET_CHILD_SUBREAPER(2const).
   */
  adopt(): void {
    const prctl = this.#libc.declare<(option: number, a: number) => number>('int prctl(int, ulong)');
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) === 0) return;
    throw new SpoorError(
      'KERNEL_UNSUPPORTED',
      `PR_SET_CHILD_SUBREAPER failed with ${errnoName(this.#libc.errno())}`,
    );
  }

  /** A child that has ended and was not reaped yet; it stays so. Undefined when there is none. Source: waitid(2). */
  peekEnded(): number | undefined {
    this.#info.fill(0);
    if (this.#waitid(P_ALL, 0, this.#info, WEXITED | WNOHANG | WNOWAIT) < 0) return undefined;
    const pid = this.#info.readInt32LE(SI_PID);
    return pid === 0 ? undefined : pid;
  }

  /** Lets go of a child that has ended; its number is free afterwards. */
  reap(pid: number): void {
    this.#waitpid(pid, null, WNOHANG);
  }
}
