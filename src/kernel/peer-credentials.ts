import type { Libc } from './libc.js';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERPIDFD = 77;
const UCRED_BYTES = 12;

/** Who connected, as the kernel noted it at that moment: process, effective uid and gid. */
export interface Credentials {
  /** 0 when the process lives in a pid namespace that this one cannot see. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The other end of a connected Unix socket.
 *
 * Source: unix(7), SO_PEERCRED; SO_PEERPIDFD since Linux 6.5.
 */
export class PeerCredentials {
  readonly #getsockopt: (fd: number, level: number, name: number, value: Buffer, length: Buffer) => number;
  readonly #value = Buffer.alloc(UCRED_BYTES);
  readonly #length = Buffer.alloc(4);

  constructor(libc: Libc) {
    this.#getsockopt = libc.declare('int getsockopt(int, int, int, void*, void*)');
  }

  /** Undefined when `fd` is no connected Unix socket. */
  of(fd: number): Credentials | undefined {
    if (!this.#read(fd, SO_PEERCRED, UCRED_BYTES)) return undefined;
    return {
      pid: this.#value.readInt32LE(0),
      uid: this.#value.readUInt32LE(4),
      gid: this.#value.readUInt32LE(8),
    };
  }

  /**
   * A new pidfd of the process that connected; the caller closes it.
   *
   * Returns: undefined when the kernel has no SO_PEERPIDFD, or when the process has been reaped.
   */
  pidfdOf(fd: number): number | undefined {
    return this.#read(fd, SO_PEERPIDFD, 4) ? this.#value.readInt32LE(0) : undefined;
  }

  #read(fd: number, option: number, size: number): boolean {
    this.#length.writeUInt32LE(size);
    return this.#getsockopt(fd, SOL_SOCKET, option, this.#value, this.#length) === 0;
  }
}
