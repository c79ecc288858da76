import { SpoorError } from '../core/errors.js';
import { errnoName, type Libc } from './libc.js';

const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;

/**
 * Bars other processes of the same user from this one's memory and from its files in /proc, and keeps its keys
 * out of core files. To be called first of all: what is read before is open to them.
 *
 * Errors: KERNEL_UNSUPPORTED when the kernel refuses.
 * Source: PR_SET_DUMPABLE(2const), getrlimit(2); decision 8.
 */
export function hideFromOthers(libc: Libc): void {
  const prctl = declarePrctl(libc);
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) throw refused('prctl', libc);
  forbidCore(libc);
}

/**
 * Lets nothing be kept of the memory of this process when it fails. A limit of 0 bars a file only: the kernel gives what
 * it holds to the program of a core_pattern all the same. It does not where the limit is 1.
 *
 * Errors: KERNEL_UNSUPPORTED when the kernel refuses.
 * Source: core(5), "Piping core dumps to a program"; Linux, fs/coredump.c.
 */
export function forbidCore(libc: Libc): void {
  const getrlimit = libc.declare<(resource: number, limit: Buffer) => number>('int getrlimit(int, void*)');
  const setrlimit = libc.declare<(resource: number, limit: Buffer) => number>('int setrlimit(int, void*)');
  const limit = Buffer.alloc(16);
  if (getrlimit(RLIMIT_CORE, limit) < 0) throw refused('getrlimit', libc);
  // What was taken away before cannot be had back.
  const least = limit.readBigUInt64LE(8) === 0n ? 0n : 1n;
  limit.writeBigUInt64LE(least, 0);
  limit.writeBigUInt64LE(least, 8);
  if (setrlimit(RLIMIT_CORE, limit) < 0) throw refused('setrlimit', libc);
}

/** Whether `hideFromOthers` is in force. */
export function isHidden(libc: Libc): boolean {
  return declarePrctl(libc)(PR_GET_DUMPABLE, 0, 0, 0, 0) === 0;
}

/** How many descriptors this process may have open: the soft limit, which Node raises to the hard one at its start. */
export function descriptorLimit(libc: Libc): number {
  const getrlimit = libc.declare<(resource: number, limit: Buffer) => number>('int getrlimit(int, void*)');
  const limit = Buffer.alloc(16);
  if (getrlimit(RLIMIT_NOFILE, limit) < 0) throw refused('getrlimit', libc);
  const soft = limit.readBigUInt64LE(0);
  // RLIM_INFINITY is all ones.
  return soft > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(soft);
}

function declarePrctl(libc: Libc): (option: number, a: number, b: number, c: number, d: number) => number {
  return libc.declare('int prctl(int, ulong, ulong, ulong, ulong)');
}

function refused(call: string, libc: Libc): SpoorError {
  return new SpoorError('KERNEL_UNSUPPORTED', `${call} failed with ${errnoName(libc.errno())}`);
}
