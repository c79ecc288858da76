import { SpoorError } from '../core/errors.js';
import type { Kernel } from './kernel.js';
import { errnoName } from './libc.js';

const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;

/** Two connected sockets, both ours: to try on them what the kernel does with others. */
export class SocketPair implements Disposable {
  /** Passes credentials, as the door's connections do. */
  readonly near: number;
  readonly far: number;
  readonly #kernel: Kernel;

  private constructor(kernel: Kernel, near: number, far: number) {
    this.#kernel = kernel;
    this.near = near;
    this.far = far;
  }

  /** Errors: SOCKET_UNUSABLE. */
  static open(kernel: Kernel): SocketPair {
    const ends = Buffer.alloc(8);
    const socketpair = kernel.libc.declare<
      (domain: number, type: number, protocol: number, ends: Buffer) => number
    >('int socketpair(int, int, int, void*)');
    if (socketpair(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0, ends) < 0) {
      throw new SpoorError('SOCKET_UNUSABLE', `socketpair failed with ${errnoName(kernel.libc.errno())}`);
    }
    const pair = new SocketPair(kernel, ends.readInt32LE(0), ends.readInt32LE(4));
    kernel.sockets.passCredentials(pair.near);
    return pair;
  }

  [Symbol.dispose](): void {
    this.#kernel.sockets.close(this.near);
    this.#kernel.sockets.close(this.far);
  }
}
