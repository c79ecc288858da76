import { errnoName, type Libc } from './libc.js';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const CMSG_HEADER_BYTES = 16;

// struct msghdr on 64-bit Linux.
const MSGHDR_BYTES = 56;
const IOV = 16;
const IOV_COUNT = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;

/** What became of one message: how many of its bytes went out, or the name of the error. */
export type Sent = number | string;

/**
 * Sends bytes over a Unix socket together with descriptors, which whoever receives them then has too.
 *
 * Source: sendmsg(2), unix(7), cmsg(3).
 */
export class DescriptorSender {
  readonly #libc: Libc;
  readonly #sendmsg: (fd: number, header: bigint, flags: number) => number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#sendmsg = libc.declare('long sendmsg(int, void*, int)');
  }

  /**
   * Sends without waiting. Some of the bytes may be left for the caller to send; the descriptors go with the first one.
   *
   * Takes memory that is not given back: for a few messages in the life of a process.
   */
  send(fd: number, bytes: Uint8Array, descriptors: readonly number[]): Sent {
    const data = this.#libc.allocate(bytes.length);
    data.bytes.set(bytes);
    const vector = this.#libc.allocate(16);
    vector.bytes.writeBigUInt64LE(data.address, 0);
    vector.bytes.writeBigUInt64LE(BigInt(bytes.length), 8);
    const control = this.#rights(descriptors);
    const header = this.#libc.allocate(MSGHDR_BYTES);
    header.bytes.writeBigUInt64LE(vector.address, IOV);
    header.bytes.writeBigUInt64LE(1n, IOV_COUNT);
    header.bytes.writeBigUInt64LE(control.address, CONTROL);
    header.bytes.writeBigUInt64LE(BigInt(control.bytes.length), CONTROL_LENGTH);
    const count = this.#sendmsg(fd, header.address, MSG_DONTWAIT | MSG_NOSIGNAL);
    return count < 0 ? errnoName(this.#libc.errno()) : count;
  }

  /** One control message: struct cmsghdr, then the descriptors, padded to 8 bytes. */
  #rights(descriptors: readonly number[]): ReturnType<Libc['allocate']> {
    const length = CMSG_HEADER_BYTES + 4 * descriptors.length;
    const control = this.#libc.allocate((length + 7) & ~7);
    control.bytes.writeBigUInt64LE(BigInt(length), 0);
    control.bytes.writeInt32LE(SOL_SOCKET, 8);
    control.bytes.writeInt32LE(SCM_RIGHTS, 12);
    for (const [index, fd] of descriptors.entries())
      control.bytes.writeInt32LE(fd, CMSG_HEADER_BYTES + 4 * index);
    return control;
  }
}
