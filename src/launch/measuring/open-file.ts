import { closeSync, constants, openSync, realpathSync } from 'node:fs';
import type { LookAs } from '../../kernel/file-rights.js';

/** Never waits for the writer of a pipe, and takes no terminal for the daemon's own. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/** A file that is open for reading. */
export interface OpenFile extends Disposable {
  /** Without links. */
  readonly realPath: string;
  /** Closed with this object. */
  readonly descriptor: number;
}

/**
 * Opens a file as somebody else would.
 *
 * Errors: those of node:fs.
 */
export function openFile(path: string, lookAs: LookAs): OpenFile {
  return lookAs(() => {
    const realPath = realpathSync(path);
    // Without links: between here and the opening nothing else can be put in its place unseen.
    const descriptor = openSync(realPath, FLAGS);
    return { realPath, descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
  });
}
