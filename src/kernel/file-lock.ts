import { constants } from 'node:os';
import { SpoorError } from '../core/errors.js';
import { errnoName, type Libc } from './libc.js';

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Locks an open file or folder for this process alone, without waiting.
 *
 * The lock belongs to the open descriptor: it goes when that is closed and, whatever happens, with the process.
 *
 * Returns: false when somebody else holds it.
 * Errors:  KERNEL_UNSUPPORTED when the file system has no locks.
 * Source:  flock(2).
 */
export function tryLock(libc: Libc, descriptor: number): boolean {
  const flock = libc.declare<(descriptor: number, operation: number) => number>('int flock(int, int)');
  if (flock(descriptor, LOCK_EX | LOCK_NB) === 0) return true;
  const errno = libc.errno();
  if (errno === constants.errno.EWOULDBLOCK) return false;
  throw new SpoorError('KERNEL_UNSUPPORTED', `the file system cannot lock (${errnoName(errno)})`);
}
