import { SpoorError } from '../core/errors.js';
import { errnoName, type Libc } from './libc.js';
import { unixAddress } from './unix-address.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SO_PASSRIGHTS = 83;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RDWR = 2;
const EAGAIN = 11;
const ENFILE = 23;
const EMFILE = 24;

/** What became of one try to accept. `exhausted`: the process or the system is out of descriptors. */
export type Accepted = number | 'none' | 'exhausted';

/**
 * Stream sockets of the Unix family, non-blocking and close-on-exec from birth.
 *
 * Source: unix(7), accept4(2).
 */
export class UnixSockets {
  readonly #libc: Libc;
  readonly #socket: (domain: number, type: number, protocol: number) => number;
  readonly #setsockopt: (fd: number, level: number, name: number, value: Buffer, length: number) => number;
  readonly #bind: (fd: number, address: Buffer, length: number) => number;
  readonly #connect: (fd: number, address: Buffer, length: number) => number;
  readonly #listen: (fd: number, backlog: number) => number;
  readonly #accept4: (fd: number, address: null, length: null, flags: number) => number;
  readonly #send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number;
  readonly #shutdown: (fd: number, how: number) => number;
  readonly #close: (fd: number) => number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#socket = libc.declare('int socket(int, int, int)');
    this.#setsockopt = libc.declare('int setsockopt(int, int, int, void*, uint32_t)');
    this.#bind = libc.declare('int bind(int, void*, uint32_t)');
    this.#connect = libc.declare('int connect(int, void*, uint32_t)');
    this.#listen = libc.declare('int listen(int, int)');
    this.#accept4 = libc.declare('int accept4(int, void*, void*, int)');
    this.#send = libc.declare('long send(int, void*, size_t, int)');
    this.#shutdown = libc.declare('int shutdown(int, int)');
    this.#close = libc.declare('int close(int)');
  }

  /** Errors: SOCKET_UNUSABLE when the process is out of descriptors. */
  create(): number {
    const fd = this.#socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw this.#failure('socket');
    return fd;
  }

  /**
   * Makes the kernel name the sender of every chunk. Connections inherit it from the listening socket, and
   * it has to be set there: bytes that were sent before it was set carry pid 0.
   */
  passCredentials(fd: number): void {
    const on = Buffer.from([1, 0, 0, 0]);
    if (this.#setsockopt(fd, SOL_SOCKET, SO_PASSCRED, on, on.length) < 0) throw this.#failure('setsockopt');
  }

  /**
   * Whether descriptors may be sent to this socket; connections inherit it from the listening one. A descriptor that was
   * sent is closed by whoever receives it, room for it or not, and closing may wait for as long as the sender likes: for
   * a file system of the sender's own, or a TCP connection that lingers.
   *
   * Returns: false where the kernel does not know the question, before Linux 6.16.
   * Source:  SO_PASSRIGHTS of asm-generic/socket.h; unix(7), SCM_RIGHTS; socket(7), SO_LINGER.
   */
  passRights(fd: number, isPassed: boolean): boolean {
    const value = Buffer.from([isPassed ? 1 : 0, 0, 0, 0]);
    return this.#setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, value, value.length) === 0;
  }

  /** Gives the socket its path. Errors: SOCKET_UNUSABLE. */
  bind(fd: number, path: string): void {
    const address = unixAddress(path);
    if (this.#bind(fd, address, address.length) < 0) throw this.#failure('bind', path);
  }

  listen(fd: number, backlog: number): void {
    if (this.#listen(fd, backlog) < 0) throw this.#failure('listen');
  }

  /** Whether somebody listens at `path`: a socket file outlives the process that made it. */
  answers(path: string): boolean {
    const address = unixAddress(path);
    const fd = this.create();
    try {
      // A full backlog (EAGAIN) is somebody too.
      return this.#connect(fd, address, address.length) === 0 || this.#libc.errno() === EAGAIN;
    } finally {
      this.close(fd);
    }
  }

  /**
   * A connection to whoever listens at `path`, non-blocking.
   *
   * Errors: SOCKET_UNUSABLE; the fact `errno` says why.
   */
  connect(path: string): number {
    const address = unixAddress(path);
    const fd = this.create();
    if (this.#connect(fd, address, address.length) === 0) return fd;
    const failure = this.#failure('connect', path);
    this.close(fd);
    throw failure;
  }

  /** Takes one waiting connection; `none` also when it has gone again by now. */
  accept(fd: number): Accepted {
    const accepted = this.#accept4(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) return accepted;
    const errno = this.#libc.errno();
    return errno === EMFILE || errno === ENFILE ? 'exhausted' : 'none';
  }

  /** Sends without waiting. Returns whether every byte went out. */
  send(fd: number, bytes: Uint8Array): boolean {
    return this.#send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) === bytes.length;
  }

  /** Ends the connection for everybody who holds a descriptor of it, and gives up ours. */
  end(fd: number): void {
    this.#shutdown(fd, SHUT_RDWR);
    this.close(fd);
  }

  close(fd: number): void {
    this.#close(fd);
  }

  #failure(call: string, path?: string): SpoorError {
    const errno = errnoName(this.#libc.errno());
    return new SpoorError('SOCKET_UNUSABLE', `${call} failed with ${errno}`, {
      facts: path === undefined ? { errno } : { errno, path },
    });
  }
}
