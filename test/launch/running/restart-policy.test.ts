import { expect, it } from 'vitest';
import { isRestarted, nextRestart, restartWaitMs } from '../../../src/launch/running/restart-policy.js';

it.each([
  ['never', { code: 1 }, false],
  ['never', { signal: 'SIGSEGV' }, false],
  ['on-failure', { code: 0 }, false],
  ['on-failure', { code: 1 }, true],
  ['on-failure', { signal: 'SIGKILL' }, true],
  ['always', { code: 0 }, true],
] as const)('restarts %s after %o: %s', (restart, ending, expected) => {
  expect(isRestarted(restart, ending)).toBe(expected);
});

it('waits longer and longer, a minute at the most', () => {
  expect([1, 2, 3, 7, 8, 1_000].map(restartWaitMs)).toEqual([1_000, 2_000, 4_000, 60_000, 60_000, 60_000]);
});

it('forgets the restarts of a program that has run for a minute', () => {
  expect([nextRestart(0, 10), nextRestart(5, 59_999), nextRestart(5, 60_000)]).toEqual([1, 6, 1]);
});
