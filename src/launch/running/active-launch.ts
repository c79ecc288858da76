import type { LaunchCgroup, LaunchFacts } from '../../instances/launched.js';
import type { Account } from '../../measurement/accounts.js';
import type { KeptProcess } from '../../measurement/process-table.js';
import type { Ending } from '../launching.js';

/** What a detached program is started with once more. */
export interface Again {
  readonly args: readonly string[];
  /** The caller's variables that the definition passes on. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly account: Account;
}

/** What is known of one launched program for as long as it runs, whichever daemon looks after it. */
export interface LaunchDetails {
  readonly facts: LaunchFacts;
  readonly pid: number;
  readonly startTicks: number;
  readonly cgroup: LaunchCgroup | undefined;
  /** As whom it runs. */
  readonly uid: number;
  readonly detached: boolean;
  /** Undefined unless its definition may want it restarted. */
  readonly again: Again | undefined;
  readonly restarts: number;
  readonly startedAt: Date;
}

/** One launched program that runs. */
export interface ActiveLaunch extends LaunchDetails {
  /** Undefined when it had ended, or had become another program, before it could be looked at. */
  readonly process: KeptProcess | undefined;
  /** Never rejects; undefined when the status went with an earlier daemon. */
  readonly ended: Promise<Ending | undefined>;
  isEnded: boolean;
  /** It was told to stop, and is not restarted. */
  isStopping: boolean;
}
