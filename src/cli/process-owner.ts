import { readFile } from 'node:fs/promises';
import { SpoorError } from '../core/errors.js';

/**
 * The effective uid of a process: the one that a socket would show of it.
 *
 * Errors: PROCESS_NOT_FOUND.
 * Source: proc_pid_status(5); the owner of /proc/PID itself is root for processes that are not dumpable.
 */
export async function uidOfProcess(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const found = /^Uid:\s+\d+\s+(\d+)/mu.exec(status)?.[1];
    return found === undefined ? undefined : Number(found);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // ESRCH: it ended between open and read.
    if (code !== 'ENOENT' && code !== 'ESRCH') return undefined;
    throw new SpoorError('PROCESS_NOT_FOUND', `there is no process ${pid}`, { facts: { pid }, cause });
  }
}
