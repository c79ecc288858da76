import type { Libc } from './libc.js';

/**
 * Gives memory that is free back to the system. Takes some ten milliseconds after a peak: to be called when idle.
 *
 * Returns: false where the C library has no such call (musl), or had nothing to give.
 * Source:  malloc_trim(3).
 */
export function trimMemory(libc: Libc): boolean {
  try {
    return libc.declare<(pad: number) => number>('int malloc_trim(size_t)')(0) === 1;
  } catch {
    // Not in this C library: then nothing is trimmed, and that is what we say.
    return false;
  }
}
