import type { MeasuredProcess } from '../measurement/process.js';

/** How a launched program ended. */
export type Ending = { readonly code: number } | { readonly signal: string };

/** What whoever wants to launch has to send along. */
export interface Wanted {
  /** Names of variables that are taken over from its environment. */
  readonly env: readonly string[];
}

/** One wish to launch, complete. */
export interface LaunchRequest {
  readonly name: string;
  readonly args: readonly string[];
  /** Only names that were wanted count. */
  readonly env: Readonly<Record<string, string>>;
  /** The caller's working folder, absolute. */
  readonly cwd: string;
  /** The program outlives the caller, and is restarted as its definition says. */
  readonly detach: boolean;
  /** Standard input is a terminal, and becomes the controlling one. */
  readonly terminal: boolean;
  /** Descriptors of standard input, output and error; the room closes them, whatever happens. */
  readonly stdio: readonly [number, number, number];
}

/** A program that was launched and executes, as whoever launched it sees it. */
export interface RunningLaunch {
  /** Id of the instance. */
  readonly instance: string;
  readonly pid: number;
  /** Never rejects. */
  readonly ended: Promise<Ending>;
  /** Sends a signal to the program, not to what it started. A program that has ended is no mistake. */
  signal(name: NodeJS.Signals): void;
  /** Does to the program and its process group what a closed terminal would: SIGHUP, then SIGCONT. */
  hangUp(): void;
}

/** Whose launches may be seen and stopped: those of one uid, or all. */
export type Viewer = { readonly uid: number } | 'operator';

/** One launched instance, for people. */
export interface LaunchStatus {
  readonly instance: string;
  readonly name: string;
  readonly pid: number;
  /** As whom it runs, and who launched it. */
  readonly uid: number;
  readonly launchedBy: number;
  readonly detached: boolean;
  readonly startedAt: Date;
  readonly executable: string;
  /** Undefined where no script was measured. */
  readonly script: string | undefined;
  /** How often it was restarted before this instance. */
  readonly restarts: number;
  /** What could not be had for it, such as a cgroup; sentences for people. */
  readonly notes: readonly string[];
}

/** What the daemon does for those who launch. */
export interface Launching {
  /**
   * Judges whether `caller` may launch that definition at all, before it sends anything along.
   *
   * Errors: DEFINITION_NOT_FOUND; LAUNCH_REFUSED, each reason in a sentence of its own.
   */
  wants(name: string, caller: MeasuredProcess): Promise<Wanted>;
  /**
   * Judges again, measures, starts, and resolves once the program executes.
   *
   * Errors: those of `wants`; LAUNCH_FAILED when a file, a user or the start itself is at fault.
   */
  launch(request: LaunchRequest, caller: MeasuredProcess): Promise<RunningLaunch>;
  /** Oldest first. */
  list(viewer: Viewer): readonly LaunchStatus[];
  /**
   * Ends instances for good: SIGTERM, and SIGKILL after `graceMs` to all that is in their cgroup.
   *
   * Takes:   `which`: the id of an instance, or a definition's name for all of its instances.
   * Returns: the ids, once they have ended.
   * Errors:  INSTANCE_NOT_FOUND, also for instances that the viewer may not see.
   */
  stop(which: string, viewer: Viewer, graceMs: number): Promise<readonly string[]>;
}
