import type { MeasuredProcess } from '../measurement/process.js';

/** Who is at the other end of one connection: the process that connected, proven to be the one that writes. */
export interface Peer {
  /** Number of the connection, unique in this run of the daemon. */
  readonly connection: number;
  readonly process: MeasuredProcess;
  /** When it was accepted, by the monotonic clock. */
  readonly acceptedMs: number;
}
