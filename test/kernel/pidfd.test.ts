import { expect, it } from 'vitest';
import type { Libc } from '../../src/kernel/libc.js';
import { Pidfds } from '../../src/kernel/pidfd.js';

const EINTR = 4;
const EBADF = 9;

/** A C library whose poll gives these results, one after the other. */
function libcOf(results: readonly number[], errno: number): Pick<Libc, 'declare' | 'errno'> {
  const left = [...results];
  const poll = (): number => left.shift() ?? 0;
  return { declare: (() => poll) as unknown as Libc['declare'], errno: () => errno };
}

it('does not take a signal that comes in between for the exit of a process', () => {
  expect(new Pidfds(libcOf([-1, -1, 0], EINTR)).hasExited(5)).toBe(false);
  expect(new Pidfds(libcOf([-1, 1], EINTR)).hasExited(5)).toBe(true);
});

it('takes a process that cannot be asked about for gone', () => {
  expect(new Pidfds(libcOf([-1], EBADF)).hasExited(5)).toBe(true);
});
