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
  const setrlimit = libc.declare<(resource: number, limit: Buffer) => number>('int setrlimit(int, void*)');
  if (setrlimit(RLIMIT_CORE, Buffer.alloc(16)) < 0) throw refused('setrlimit', libc);
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
