import { perArchitecture, type Libc } from './libc.js';

const AT_STATX_SYNC_AS_STAT = 0;
const STATX_INO = 0x100;
const AT_EMPTY_PATH = 0x1000;
const NO_NAME = Buffer.alloc(1);

/** Which file it is: the device and the inode, and nothing that a rename could change. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/**
 * Looks at one file below an open folder, in a quarter of the time that a path through /proc/self/fd takes.
 *
 * Source: statx(2); its structure is the same on every architecture.
 */
export class FileStatus {
  readonly #syscall: (
    n: number,
    folder: number,
    name: Buffer,
    flags: number,
    mask: number,
    out: Buffer,
  ) => number;
  readonly #number: number;
  readonly #status = Buffer.alloc(256);

  constructor(libc: Libc, architecture: string = process.arch) {
    this.#syscall = libc.declare('long syscall(long, int, void*, int, uint32_t, void*)');
    this.#number = perArchitecture(332, 291, architecture);
  }

  /** Takes `name` with a NUL at its end. Follows links. Undefined when it is not there or may not be looked at. */
  identity(folder: number, name: Buffer): FileIdentity | undefined {
    return this.#look(folder, name, AT_STATX_SYNC_AS_STAT);
  }

  /** Of an open file. */
  ofDescriptor(descriptor: number): FileIdentity | undefined {
    return this.#look(descriptor, NO_NAME, AT_EMPTY_PATH);
  }

  #look(folder: number, name: Buffer, flags: number): FileIdentity | undefined {
    const status = this.#status;
    if (this.#syscall(this.#number, folder, name, flags, STATX_INO, status) < 0) return undefined;
    return {
      device: status.readUInt32LE(136) * 0x100000 + status.readUInt32LE(140),
      inode: status.readUInt32LE(32) + status.readUInt32LE(36) * 2 ** 32,
    };
  }
}
