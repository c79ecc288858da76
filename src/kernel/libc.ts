import { loadKoffi } from './koffi.js';

// Imported, a module of Node.js loads all that it can give, which stage 2 of a launch would wait for.
const { getSystemErrorName } = process.getBuiltinModule('node:util');

/** Memory outside the JavaScript heap, at an address that never moves: for structures that point at each other. */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: Buffer;
}

/**
 * The C library of this process. The facilities beside this file declare the functions that they need;
 * nothing else in Spoor calls into native code.
 */
export class Libc {
  readonly #koffi = loadKoffi();
  readonly #library = this.#koffi.load(null);

  /**
   * Declares one function by its C prototype. Integers are numbers; `void*` takes a Buffer, an address or null.
   *
   * Errors: throws when the C library has no such function.
   */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the prototype says it in C, F in TypeScript
  declare<F extends (...args: never[]) => number>(prototype: string): F {
    return this.#library.func(prototype) as unknown as F;
  }

  /** The error number of the call before; only meaningful directly after a call that failed. */
  errno(): number {
    return this.#koffi.errno();
  }

  /** Memory that lives as long as the process. For the few structures that each facility keeps. */
  allocate(size: number): NativeMemory {
    const pointer: unknown = this.#koffi.alloc('uint8_t', size);
    const bytes = Buffer.from(this.#koffi.view(pointer, size)).fill(0);
    return { address: this.#koffi.address(pointer), bytes };
  }
}

/** The name of an error number, e.g. `EACCES`. */
export function errnoName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : 'no error';
}

/** A number that differs between the two architectures that Spoor runs on. */
export function perArchitecture(x64: number, arm64: number, architecture: string): number {
  return architecture === 'arm64' ? arm64 : x64;
}
