import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.js';

/** Real time, for tests whose other side is a real process. */
export const SYSTEM_CLOCK: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};
