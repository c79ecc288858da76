import { chmodSync, existsSync, lstatSync, unlinkSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { SpoorError } from '../core/errors.js';
import type { Kernel } from '../kernel/kernel.js';

/** Connections that wait to be accepted; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 4_096;

/** A socket with a path, listening. Close-on-exec and non-blocking; passes the credentials of whoever writes. */
export class ListeningSocket implements Disposable {
  readonly path: string;
  readonly descriptor: number;
  readonly #kernel: Kernel;
  readonly #device: number;
  readonly #inode: number;
  #closed = false;

  private constructor(kernel: Kernel, path: string, descriptor: number) {
    this.#kernel = kernel;
    this.path = path;
    this.descriptor = descriptor;
    const { dev, ino } = lstatSync(path);
    this.#device = dev;
    this.#inode = ino;
  }

  /**
   * Binds and listens. A socket that nobody answers on any more is replaced; any other file is left alone.
   *
   * Errors: SOCKET_IN_USE when somebody answers there, SOCKET_UNUSABLE when the path cannot be had.
   */
  static open(kernel: Kernel, path: string, mode: number): ListeningSocket {
    makeRoom(kernel, path);
    const { sockets } = kernel;
    const descriptor = sockets.create();
    try {
      sockets.passCredentials(descriptor);
      sockets.passRights(descriptor, false);
      sockets.bind(descriptor, path);
      // Nobody can connect before `listen`, so nobody finds it with another mode.
      chmodSync(path, mode);
      sockets.listen(descriptor, BACKLOG);
      return new ListeningSocket(kernel, path, descriptor);
    } catch (error) {
      sockets.close(descriptor);
      throw error instanceof SpoorError ? error : unusable(path, 'its mode cannot be set', error);
    }
  }

  /** Stops listening, and takes the path away if it still leads here. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    const found = look(this.path);
    if (found?.ino === this.#inode && found.dev === this.#device) unlinkSync(this.path);
    this.#kernel.sockets.close(this.descriptor);
  }
}

function makeRoom(kernel: Kernel, path: string): void {
  const found = look(path);
  if (found === undefined && !existsSync(dirname(path))) throw unusable(path, 'its folder does not exist');
  if (found === undefined) return;
  if (!found.isSocket()) throw unusable(path, 'there is a file that is no socket');
  if (kernel.sockets.answers(path)) {
    throw new SpoorError('SOCKET_IN_USE', 'somebody answers on this socket already', { facts: { path } });
  }
  try {
    unlinkSync(path);
  } catch (error) {
    throw unusable(path, 'the socket of an earlier daemon cannot be removed', error);
  }
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(path, 'its folder cannot be read', error);
  }
}

function unusable(path: string, why: string, cause?: unknown): SpoorError {
  return new SpoorError('SOCKET_UNUSABLE', `the socket cannot be made: ${why}`, { facts: { path }, cause });
}
