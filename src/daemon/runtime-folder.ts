import { lstatSync, mkdirSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';
import type { Mode } from '../core/paths.js';

/** Others must reach the agent socket in root mode; in user mode nobody else has business there. */
const FOLDER_MODE: Readonly<Record<Mode, number>> = { root: 0o755, user: 0o700 };

/**
 * Makes the default folder of the sockets, or checks the one that is there.
 *
 * Errors: SOCKET_UNUSABLE when it is no folder, belongs to someone else, or others may write to it: in a
 *         shared temporary folder another user could have made it first, to stand between us and our callers.
 */
export function prepareRuntimeFolder(path: string, mode: Mode, uid: number): void {
  try {
    mkdirSync(path, { mode: FOLDER_MODE[mode] });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EEXIST') throw unusable(`cannot make the folder ${path} for the sockets`, cause);
  }
  const found = lstatSync(path);
  if (!found.isDirectory()) throw unusable(`${path} is not a folder`);
  if (found.uid !== uid) throw unusable(`the folder ${path} belongs to uid ${found.uid}, not to uid ${uid}`);
  if ((found.mode & 0o022) !== 0) throw unusable(`others may write to the folder ${path}`);
}

function unusable(message: string, cause?: unknown): SpoorError {
  return new SpoorError('SOCKET_UNUSABLE', message, { cause });
}
