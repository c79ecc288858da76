import { SpoorError } from '../core/errors.js';

/**
 * Waits for work that others may be waiting for too: an abort ends the wait and not the work. Leaves no listener.
 *
 * Errors: those of the work; DEADLINE_EXCEEDED when `signal` aborts first.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      signal.removeEventListener('abort', leave);
      reject(new SpoorError('DEADLINE_EXCEEDED', 'the caller did not wait for its attestation'));
    };
    const settled = (): void => {
      signal.removeEventListener('abort', leave);
    };
    signal.addEventListener('abort', leave);
    work.finally(settled).then(resolve, reject);
    if (signal.aborted) leave();
  });
}
