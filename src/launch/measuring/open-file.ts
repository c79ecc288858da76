import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
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

/** All that is in a file, or why it is not read: it is no regular one, or has more bytes than are allowed. */
export type FileContents =
  { readonly bytes: Buffer } | { readonly irregular: true } | { readonly size: number };

/** Reads as many bytes as the file has at the moment, also of one that grows meanwhile. Errors: those of node:fs. */
export function contentsOf({ descriptor }: OpenFile, limit: number): FileContents {
  const facts = fstatSync(descriptor);
  if (!facts.isFile()) return { irregular: true };
  if (facts.size > limit) return { size: facts.size };
  const bytes = Buffer.alloc(facts.size);
  let end = 0;
  for (let read = -1; read !== 0 && end < bytes.length; end += read) {
    read = readSync(descriptor, bytes, end, bytes.length - end, end);
  }
  return { bytes: bytes.subarray(0, end) };
}
