import type { Clock } from '../core/clock.js';
import type { PathFacts } from '../core/paths.js';

/** Where text goes: a stream of the process, or a test's buffer. */
export interface Sink {
  write(text: string): void;
  /** Only a terminal is given colours. */
  readonly isTerminal: boolean;
}

/** All that a command may touch of the process that it runs in. */
export interface CliIo {
  readonly out: Sink;
  readonly err: Sink;
  readonly clock: Clock;
  /** User, folders and environment, for finding sockets and settings. */
  readonly facts: PathFacts;
  /** All of standard input, as text. */
  readonly readInput: () => Promise<string>;
  /** Aborts at SIGINT or SIGTERM; until it is asked for, those signals end the process as usual. */
  readonly interrupted: () => AbortSignal;
}
