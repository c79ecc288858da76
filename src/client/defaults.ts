import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';

/** setTimeout takes at most 2^31 - 1 ms and fires at once beyond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What a program may pass in to have the library keep its time and write to its log; tests do. */
export interface ClientDeps {
  /** The machine's clock unless given. */
  readonly clock?: Clock;
  /** Uniform in [0, 1); spreads the reconnects of a fleet. */
  readonly random?: () => number;
  /** Silent unless given. */
  readonly log?: Logger;
}

/** Fills in what a caller left out: the machine's clock and randomness, and a log that says nothing. */
export function withDefaults(deps: ClientDeps): Required<ClientDeps> {
  return {
    clock: deps.clock ?? MACHINE_CLOCK,
    random: deps.random ?? (() => Math.random()),
    log: deps.log ?? SILENT,
  };
}

/** The machine's own clock. */
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

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => SILENT,
};
