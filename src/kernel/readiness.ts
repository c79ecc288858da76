import type koffi from 'koffi';
import { SpoorError } from '../core/errors.js';
import { loadKoffi } from './koffi.js';
import { errnoName, perArchitecture, type Libc } from './libc.js';

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 0x001;
const EPOLLOUT = 0x004;
const EPOLLRDHUP = 0x2000;
/** So many descriptors have their turn before everything else in the process has its own. */
const MAX_EVENTS = 128;

/**
 * Says which descriptors have something to read, or room to write. One epoll set holds them all, and the event loop watches the
 * set: a thousand silent connections cost nothing while they are silent.
 *
 * Source: epoll(7); an epoll descriptor is itself readable when one of its own is ready.
 */
export class ReadinessSet implements Disposable {
  readonly #ctl: (set: number, operation: number, fd: number, event: Buffer | null) => number;
  readonly #wait: (set: number, events: Buffer, max: number, timeoutMs: number) => number;
  readonly #close: (fd: number) => number;
  readonly #set: number;
  readonly #watch: ReturnType<typeof koffi.node.poll>;
  readonly #callbacks = new Map<number, () => void>();
  // struct epoll_event is packed on x64 only.
  readonly #eventBytes: number;
  readonly #fdOffset: number;
  readonly #events: Buffer;
  #closed = false;

  /** Errors: KERNEL_UNSUPPORTED when there can be no epoll set. */
  constructor(libc: Libc, architecture: string = process.arch) {
    this.#ctl = libc.declare('int epoll_ctl(int, int, int, void*)');
    this.#wait = libc.declare('int epoll_wait(int, void*, int, int)');
    this.#close = libc.declare('int close(int)');
    this.#eventBytes = perArchitecture(12, 16, architecture);
    this.#fdOffset = perArchitecture(4, 8, architecture);
    this.#events = Buffer.alloc(MAX_EVENTS * this.#eventBytes);
    this.#set = libc.declare<(flags: number) => number>('int epoll_create1(int)')(EPOLL_CLOEXEC);
    if (this.#set < 0) {
      throw new SpoorError('KERNEL_UNSUPPORTED', `epoll_create1 failed with ${errnoName(libc.errno())}`);
    }
    this.#watch = loadKoffi().node.poll(this.#set, { readable: true }, () => {
      this.#dispatch();
    });
  }

  /**
   * Calls `ready` whenever `fd` has something to read or its other end has hung up, until it is deleted.
   *
   * No promise goes on and no tick happens by itself after `ready`: what waits for one is begun with setImmediate.
   */
  add(fd: number, ready: () => void): void {
    this.#watchFor(EPOLLIN | EPOLLRDHUP, fd, ready);
  }

  /** The same for room to write. A descriptor is watched for one of the two at a time. */
  addWriter(fd: number, ready: () => void): void {
    this.#watchFor(EPOLLOUT, fd, ready);
  }

  /** To be called before `fd` is closed. A descriptor that is not in the set is no mistake. */
  delete(fd: number): void {
    if (this.#callbacks.delete(fd)) this.#ctl(this.#set, EPOLL_CTL_DEL, fd, null);
  }

  /** Does not keep the process alive by itself. */
  unref(): void {
    this.#watch.unref();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    this.#close(this.#set);
    this.#callbacks.clear();
  }

  #watchFor(events: number, fd: number, ready: () => void): void {
    const event = Buffer.alloc(this.#eventBytes);
    event.writeUInt32LE(events, 0);
    event.writeInt32LE(fd, this.#fdOffset);
    this.#callbacks.set(fd, ready);
    if (this.#ctl(this.#set, EPOLL_CTL_ADD, fd, event) < 0) {
      this.#callbacks.delete(fd);
      throw new SpoorError('INVARIANT_BROKEN', `descriptor ${fd} cannot be watched`);
    }
  }

  #dispatch(): void {
    const count = this.#wait(this.#set, this.#events, MAX_EVENTS, 0);
    for (let index = 0; index < count; index++) {
      if (this.#closed) return;
      const fd = this.#events.readInt32LE(index * this.#eventBytes + this.#fdOffset);
      // A callback of this round may have deleted a later one.
      this.#callbacks.get(fd)?.();
    }
  }
}
