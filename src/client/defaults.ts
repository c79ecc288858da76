import type { Clock } from '../core/clock.js';
import { NO_LOG, type Logger } from '../core/log.js';
import { MACHINE_CLOCK } from '../core/machine-clock.js';

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
    log: deps.log ?? NO_LOG,
  };
}
