/** Where time comes from. Everything that reads or waits for time takes one, so that tests can move it. */
export interface Clock {
  /** The wall clock, UTC. */
  now(): Date;
  /** Milliseconds that only ever grow; for measuring how long something took. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; leaves no timer and no listener behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
