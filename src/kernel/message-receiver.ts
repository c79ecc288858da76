import { errnoName, type Libc, type NativeMemory } from './libc.js';

const MSG_CTRUNC = 0x08;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SOL_SOCKET = 1;
const SCM_CREDENTIALS = 2;
const EAGAIN = 11;
const EINTR = 4;

/** Read at most this much at a time; the credentials of a chunk cover all of it. */
const CHUNK_BYTES = 65_536;
/**
 * Room for one struct ucred and for nothing else: descriptors that somebody sends along find no room, so the
 * kernel drops them before they ever become ours, and says so with MSG_CTRUNC.
 */
const CONTROL_BYTES = 32;

// struct msghdr and struct iovec on 64-bit Linux.
const MSGHDR_BYTES = 56;
const IOV = 16;
const IOV_COUNT = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const FLAGS = 48;

/** What one look at a socket gave. */
export type Received =
  | {
      readonly kind: 'chunk';
      /** Valid until the next call only: copy what is kept. */
      readonly bytes: Buffer;
      /** The process that wrote these bytes; 0 when it cannot be seen from here. */
      readonly pid: number;
      /** True when descriptors, or anything else, came along. They were not taken. */
      readonly ancillary: boolean;
    }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly errno: string };

/**
 * Reads from Unix sockets together with the credentials of whoever wrote. The kernel never joins the bytes of
 * two senders in one answer while SO_PASSCRED is on.
 *
 * Source: recvmsg(2), unix(7), cmsg(3).
 */
export class MessageReceiver {
  readonly #libc: Libc;
  readonly #recvmsg: (fd: number, header: bigint, flags: number) => number;
  readonly #data: NativeMemory;
  readonly #control: NativeMemory;
  readonly #vector: NativeMemory;
  readonly #header: NativeMemory;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#recvmsg = libc.declare('long recvmsg(int, void*, int)');
    this.#data = libc.allocate(CHUNK_BYTES);
    this.#control = libc.allocate(CONTROL_BYTES);
    this.#vector = libc.allocate(16);
    this.#header = libc.allocate(MSGHDR_BYTES);
    this.#vector.bytes.writeBigUInt64LE(this.#data.address, 0);
    this.#vector.bytes.writeBigUInt64LE(BigInt(CHUNK_BYTES), 8);
    this.#header.bytes.writeBigUInt64LE(this.#vector.address, IOV);
    this.#header.bytes.writeBigUInt64LE(1n, IOV_COUNT);
    this.#header.bytes.writeBigUInt64LE(this.#control.address, CONTROL);
  }

  /** Takes the next chunk, without waiting. */
  receive(fd: number): Received {
    // The kernel writes the length that it used over the length that was offered.
    this.#header.bytes.writeBigUInt64LE(BigInt(CONTROL_BYTES), CONTROL_LENGTH);
    const count = this.#recvmsg(fd, this.#header.address, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count === 0) return { kind: 'end' };
    if (count < 0) {
      const errno = this.#libc.errno();
      return errno === EAGAIN || errno === EINTR
        ? { kind: 'nothing' }
        : { kind: 'failed', errno: errnoName(errno) };
    }
    return {
      kind: 'chunk',
      bytes: this.#data.bytes.subarray(0, count),
      pid: this.#senderPid(),
      ancillary: (this.#header.bytes.readInt32LE(FLAGS) & MSG_CTRUNC) !== 0,
    };
  }

  /** struct cmsghdr is length, level and type; struct ucred begins with the pid. */
  #senderPid(): number {
    const control = this.#control.bytes;
    const used = Number(this.#header.bytes.readBigUInt64LE(CONTROL_LENGTH));
    const isCredentials =
      used >= 20 && control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_CREDENTIALS;
    return isCredentials ? control.readInt32LE(16) : 0;
  }
}
