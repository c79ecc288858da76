import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';

/** setTimeout takes at most 2^31 - 1 ms and fires at once beyond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock: the only place that reads it. */
export const MACHINE_CLOCK: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(Math.min(Math.max(0, ms), MAX_TIMER_MS), undefined, { signal });
    } catch (error) {
      // An aborted sleep is over, which is all that its caller asked to know.
      if (!signal.aborted) throw error;
    }
  },
};
