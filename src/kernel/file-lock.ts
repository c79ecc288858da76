import koffi from 'koffi';
import { SpoorError } from '../core/errors.js';

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
export function tryLock(descriptor: number): boolean {
  // The process itself: libc has another name on musl.
  const flock = koffi.load(null).func('int flock(int fd, int operation)');
  if (flock(descriptor, LOCK_EX | LOCK_NB) === 0) return true;
  const errno = koffi.errno();
  if (errno === koffi.os.errno.EWOULDBLOCK) return false;
  throw new SpoorError(
    'KERNEL_UNSUPPORTED',
    `the file system of the state folder cannot lock (errno ${errno})`,
    {
      facts: { errno },
    },
  );
}
