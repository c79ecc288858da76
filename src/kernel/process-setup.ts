import { getPriority } from 'node:os';
import { SpoorError } from '../core/errors.js';
import { groupList } from './group-list.js';
import { errnoName, perArchitecture, type Libc } from './libc.js';

const SIG_DFL = 0n;
const LAST_SIGNAL = 64;
const SIG_SETMASK = 2;
const SIGSET_BYTES = 128;
const PRIO_PROCESS = 0;
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const TIOCSCTTY = 0x540e;
const F_SETFD = 2;
const CLOSE_RANGE_CLOEXEC = 4;
const SYS_CLOSE_RANGE = 436;
const MAX_DESCRIPTOR = 0x7fffffff;
const RLIM_INFINITY = 2n ** 64n - 1n;
const LAST_CAPABILITY = 63;
const SCHED_OTHER = 0;
/** SCHED_FIFO, SCHED_RR and SCHED_DEADLINE: all others stand behind them. */
const REAL_TIME: readonly number[] = [1, 2, 6];
const SCHED_RESET_ON_FORK = 0x40000000;
const KEYCTL_JOIN_SESSION_KEYRING = 1;
const ENOSYS = 38;
const EPERM = 1;

/** The numbers of getrlimit(2), the same on x64 and arm64. */
const RESOURCES = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  nice: 13,
  rtprio: 14,
} as const;
export type Resource = keyof typeof RESOURCES;

/**
 * What a process does to itself before it becomes another program.
 *
 * Errors: KERNEL_UNSUPPORTED naming the call that was refused, here and below; nothing is then to be executed.
 */
export class ProcessSetup {
  readonly #libc: Libc;
  readonly #prctl: (option: number, a: number, b: number, c: number, d: number) => number;
  readonly #fcntl: (fd: number, command: number, argument: number) => number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#prctl = libc.declare('int prctl(int, ulong, ulong, ulong, ulong)');
    this.#fcntl = libc.declare('int fcntl(int, int, int)');
  }

  /** A session and a process group of its own, without a terminal. Source: setsid(2). */
  startSession(): void {
    this.#check('setsid', this.#libc.declare<() => number>('int setsid(void)')());
  }

  /** Makes a terminal the controlling one of the session; never one that another session has. Source: ioctl_tty(2). */
  takeTerminal(descriptor: number): void {
    const ioctl = this.#libc.declare<(fd: number, request: number, argument: number) => number>(
      'int ioctl(int, ulong, int)',
    );
    this.#check('TIOCSCTTY', ioctl(descriptor, TIOCSCTTY, 0));
  }

  /** Leaves the descriptors below `end` open at exec, and closes all others then. Source: close_range(2). */
  keepBelow(end: number): void {
    const range = this.#libc.declare<(n: number, first: number, last: number, flags: number) => number>(
      'long syscall(long, uint32_t, uint32_t, uint32_t)',
    );
    this.#check('close_range', range(SYS_CLOSE_RANGE, end, MAX_DESCRIPTOR, CLOSE_RANGE_CLOEXEC));
    for (let descriptor = 0; descriptor < end; descriptor++) {
      this.#check('F_SETFD', this.#fcntl(descriptor, F_SETFD, 0));
    }
  }

  /** Takes: soft and hard limit; 'infinity' for none. Source: setrlimit(2). */
  limit(resource: Resource, soft: number | 'infinity', hard: number | 'infinity'): void {
    const setrlimit =
      this.#libc.declare<(resource: number, limits: Buffer) => number>('int setrlimit(int, void*)');
    const limits = Buffer.alloc(16);
    limits.writeBigUInt64LE(limitOf(soft), 0);
    limits.writeBigUInt64LE(limitOf(hard), 8);
    this.#check(`setrlimit of ${resource}`, setrlimit(RESOURCES[resource], limits));
  }

  /**
   * Back to what every process begins with, for one that is ahead of the others; forward leads no way without privileges.
   *
   * Source: setpriority(2).
   */
  resetPriority(): void {
    if (getPriority() >= 0) return;
    const set = this.#libc.declare<(which: number, who: number, nice: number) => number>(
      'int setpriority(int, uint32_t, int)',
    );
    this.#check('setpriority', set(PRIO_PROCESS, 0, 0));
  }

  /** Waits for its turn as every process does, where the daemon need not. Source: sched_setscheduler(2). */
  resetScheduling(): void {
    const get = this.#libc.declare<(pid: number) => number>('int sched_getscheduler(int)');
    if (!REAL_TIME.includes(get(0) & ~SCHED_RESET_ON_FORK)) return;
    const set = this.#libc.declare<(pid: number, policy: number, parameters: Buffer) => number>(
      'int sched_setscheduler(int, int, void*)',
    );
    this.#check('sched_setscheduler', set(0, SCHED_OTHER, Buffer.alloc(4)));
  }

  /**
   * Takes an empty session keyring, which belongs to the user that the process is by now. That of the daemon would open
   * to the program the keys that whoever started the daemon has in it, whatever user it runs as.
   *
   * Source: session-keyring(7), "possession" in keyrings(7); keyctl_join_session_keyring(3).
   */
  leaveKeyring(architecture: string = process.arch): void {
    const keyctl = this.#libc.declare<(n: number, command: number, name: null) => number>(
      'long syscall(long, int, void*)',
    );
    const number = perArchitecture(250, 219, architecture);
    if (keyctl(number, KEYCTL_JOIN_SESSION_KEYRING, null) >= 0) return;
    // Without keys in the kernel there is nothing to leave; a container that forbids the call forbids it to the program too.
    const errno = this.#libc.errno();
    if (errno !== ENOSYS && errno !== EPERM) this.#check('keyctl', -1);
  }

  /** No program that is executed from here on can have a capability, set-user-ID or not. Source: capabilities(7). */
  dropBoundingSet(): void {
    this.#prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (let capability = 0; capability <= LAST_CAPABILITY; capability++) {
      if (this.#prctl(PR_CAPBSET_READ, capability, 0, 0, 0) !== 1) continue;
      this.#check('PR_CAPBSET_DROP', this.#prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
    }
  }

  /** Source: setgroups(2). */
  setGroups(groups: readonly number[]): void {
    const setgroups = this.#libc.declare<(count: number, list: Buffer) => number>(
      'int setgroups(size_t, void*)',
    );
    this.#check('setgroups', setgroups(groups.length, groupList(groups)));
  }

  /** Real, effective and saved, groups first: afterwards there is no way back. Source: setresuid(2). */
  become(uid: number, gid: number): void {
    const setresgid = this.#libc.declare<(r: number, e: number, s: number) => number>(
      'int setresgid(uint32_t, uint32_t, uint32_t)',
    );
    const setresuid = this.#libc.declare<(r: number, e: number, s: number) => number>(
      'int setresuid(uint32_t, uint32_t, uint32_t)',
    );
    this.#check('setresgid', setresgid(gid, gid, gid));
    this.#check('setresuid', setresuid(uid, uid, uid));
  }

  /** Every signal does what it does by default, and none is held back. Source: signal(7), sigprocmask(2). */
  resetSignals(): void {
    const signal = this.#libc.declare<(number: number, handler: bigint) => number>(
      'size_t signal(int, size_t)',
    );
    // SIGKILL, SIGSTOP and the two of the C library's own cannot be set, and need not be.
    for (let number = 1; number <= LAST_SIGNAL; number++) signal(number, SIG_DFL);
    const mask = this.#libc.declare<(how: number, set: Buffer, old: null) => number>(
      'int sigprocmask(int, void*, void*)',
    );
    this.#check('sigprocmask', mask(SIG_SETMASK, Buffer.alloc(SIGSET_BYTES), null));
  }

  /** Source: PR_SET_NO_NEW_PRIVS(2const). */
  forbidNewPrivileges(): void {
    this.#check('PR_SET_NO_NEW_PRIVS', this.#prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  }

  #check(call: string, result: number): number {
    if (result >= 0) return result;
    const errno = errnoName(this.#libc.errno());
    throw new SpoorError('KERNEL_UNSUPPORTED', `${call} failed with ${errno}`);
  }
}

function limitOf(value: number | 'infinity'): bigint {
  return value === 'infinity' ? RLIM_INFINITY : BigInt(value);
}
