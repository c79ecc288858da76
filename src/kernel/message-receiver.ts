import { errnoName, type Libc, type NativeMemory } from './libc.js';

const MSG_CTRUNC = 0x08;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const EAGAIN = 11;
const EINTR = 4;

/** Read at most this much at a time; the credentials of a chunk cover all of it. */
const CHUNK_BYTES = 65_536;
/** Room for one struct ucred, with the padding that follows it. */
const CREDENTIALS_BYTES = 32;
/** struct cmsghdr: length, level and type. */
const CMSG_HEADER_BYTES = 16;
const NONE: readonly number[] = Object.freeze([]);

// struct msghdr and struct iovec on 64-bit Linux.
const MSGHDR_BYTES = 56;
const IOV = 16;
const IOV_COUNT = 24;
const CONTROL = 32;
const CONTROL_LENGTH = 40;
const FLAGS = 48;

/** Bytes of one sender, and what came along with them. */
export interface Chunk {
  readonly kind: 'chunk';
  /** Valid until the next call only: copy what is kept. */
  readonly bytes: Buffer;
  /** The process that wrote these bytes; 0 when it cannot be seen from here. */
  readonly pid: number;
  /** What was sent along and had room: close-on-exec, and the receiver's to close. */
  readonly descriptors: readonly number[];
  /** True when more descriptors, or anything else, came along. They were not taken. */
  readonly truncated: boolean;
}

/** What one look at a socket gave. */
export type Received =
  | Chunk
  | { readonly kind: 'nothing' }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly errno: string };

/**
 * Reads from Unix sockets together with the credentials of whoever wrote. The kernel never joins the bytes of
 * two senders in one answer while SO_PASSCRED is on.
 *
 * Descriptors that somebody sends along and that find no room are dropped by the kernel before they ever become ours;
 * it says so with MSG_CTRUNC.
 *
 * Source: recvmsg(2), unix(7), cmsg(3).
 */
export class MessageReceiver {
  readonly #libc: Libc;
  readonly #recvmsg: (fd: number, header: bigint, flags: number) => number;
  readonly #data: NativeMemory;
  readonly #control: NativeMemory;
  readonly #controlBytes: number;
  readonly #vector: NativeMemory;
  readonly #header: NativeMemory;

  /** Takes at most `room` descriptors with one chunk. */
  constructor(libc: Libc, room = 0) {
    this.#libc = libc;
    // Without the padding behind the last one, there is no room for a further one by accident.
    this.#controlBytes = CREDENTIALS_BYTES + (room === 0 ? 0 : CMSG_HEADER_BYTES + 4 * room);
    this.#recvmsg = libc.declare('long recvmsg(int, void*, int)');
    this.#data = libc.allocate(CHUNK_BYTES);
    this.#control = libc.allocate(this.#controlBytes);
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
    this.#header.bytes.writeBigUInt64LE(BigInt(this.#controlBytes), CONTROL_LENGTH);
    const count = this.#recvmsg(fd, this.#header.address, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count === 0) return { kind: 'end' };
    if (count < 0) {
      const errno = this.#libc.errno();
      return errno === EAGAIN || errno === EINTR
        ? { kind: 'nothing' }
        : { kind: 'failed', errno: errnoName(errno) };
    }
    return this.#chunk(count);
  }

  /** The control messages stand one behind the other, in no particular order. */
  #chunk(count: number): Chunk {
    const control = this.#control.bytes;
    const used = Number(this.#header.bytes.readBigUInt64LE(CONTROL_LENGTH));
    let pid = 0;
    let descriptors = NONE;
    for (let at = 0; at + CMSG_HEADER_BYTES < used;) {
      const end = at + control.readUInt32LE(at);
      const type = control.readInt32LE(at + 8) === SOL_SOCKET ? control.readInt32LE(at + 12) : 0;
      if (type === SCM_CREDENTIALS) pid = control.readInt32LE(at + CMSG_HEADER_BYTES);
      if (type === SCM_RIGHTS) descriptors = this.#descriptors(at + CMSG_HEADER_BYTES, Math.min(end, used));
      at += Math.max(CMSG_HEADER_BYTES, (end - at + 7) & ~7);
    }
    return {
      kind: 'chunk',
      bytes: this.#data.bytes.subarray(0, count),
      pid,
      descriptors,
      truncated: (this.#header.bytes.readInt32LE(FLAGS) & MSG_CTRUNC) !== 0,
    };
  }

  #descriptors(from: number, end: number): readonly number[] {
    const found: number[] = [];
    for (let at = from; at + 4 <= end; at += 4) found.push(this.#control.bytes.readInt32LE(at));
    return found;
  }
}
