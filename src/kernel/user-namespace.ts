import type { ProcFolder } from './proc-folder.js';

/**
 * The user namespace of a process, as the kernel names it: `user:[4026531837]`. Two processes are in the same
 * one exactly when the names are equal.
 *
 * Returns: undefined when it may not be seen.
 * Source:  namespaces(7).
 */
export function userNamespaceOf(folder: ProcFolder): string | undefined {
  try {
    return folder.readLink('ns/user');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}
