import { closeSync, openSync, writeSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';
import { errnoName, type Libc } from './libc.js';

const MFD_CLOEXEC = 0x1;
const MFD_ALLOW_SEALING = 0x2;
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE: nobody changes it any more, not even root. */
const ALL_SEALS = 0xf;

/** A file in memory while it is filled. */
export interface OpenSealable extends Disposable {
  /** Appends; blocks for as long as memory is copied. */
  write(bytes: Uint8Array): void;
  /** Seals it for good. Returns: a read-only, close-on-exec descriptor, which the caller closes. */
  seal(): number;
}

/**
 * Files in memory whose bytes can never change again: what was measured is what runs.
 *
 * Source: memfd_create(2), F_ADD_SEALS in fcntl(2).
 */
export class SealedFiles {
  readonly #libc: Libc;
  readonly #create: (name: Buffer, flags: number) => number;
  readonly #fcntl: (fd: number, command: number, argument: number) => number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#create = libc.declare('int memfd_create(void*, uint32_t)');
    this.#fcntl = libc.declare('int fcntl(int, int, int)');
  }

  /** Seals bytes at once. `name` is what /proc shows. Errors: as `open`. */
  seal(name: string, bytes: Uint8Array): number {
    using file = this.open(name);
    file.write(bytes);
    return file.seal();
  }

  /**
   * Begins a file.
   *
   * Errors: KERNEL_UNSUPPORTED when the kernel gives none, those of write(2) when memory runs out.
   */
  open(name: string): OpenSealable {
    const descriptor = this.#open(name);
    let closed = false;
    return {
      write: (bytes) => writeAll(descriptor, bytes),
      seal: () => this.#seal(descriptor),
      [Symbol.dispose]: () => {
        if (!closed) closeSync(descriptor);
        closed = true;
      },
    };
  }

  isSealed(descriptor: number): boolean {
    return this.#fcntl(descriptor, F_GET_SEALS, 0) === ALL_SEALS;
  }

  /** Since Linux 6.3 a file that may be executed has to be asked for; before, the flag is unknown. */
  #open(name: string): number {
    const text = Buffer.from(`${name}\0`);
    const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    let descriptor = this.#create(text, flags | MFD_EXEC);
    if (descriptor < 0) descriptor = this.#create(text, flags);
    if (descriptor < 0) throw unsupported('memfd_create', this.#libc);
    return descriptor;
  }

  #seal(descriptor: number): number {
    if (this.#fcntl(descriptor, F_ADD_SEALS, ALL_SEALS) < 0) throw unsupported('F_ADD_SEALS', this.#libc);
    // Opened anew: the kernel executes nothing that is open for writing.
    return openSync(`/proc/self/fd/${descriptor}`, 'r');
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

function unsupported(call: string, libc: Libc): SpoorError {
  return new SpoorError('KERNEL_UNSUPPORTED', `${call} failed with ${errnoName(libc.errno())}`);
}
