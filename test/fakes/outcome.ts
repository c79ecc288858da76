import { SpoorError } from '../../src/core/errors.js';

/** What `work` gives, or the code of the SpoorError that it throws; any other error is a fault and goes on. */
export function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof SpoorError) return error.code;
    throw error;
  }
}

/** The clause that the SpoorError thrown by `work` names, behind its code: `X509_SVID_INVALID X509-5.2a`. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SpoorError) return `${error.code} ${error.facts['clause'] ?? ''}`.trimEnd();
    throw error;
  }
  return 'not refused';
}
