import type { CgroupPlace } from '../measurement/cgroup.js';
import type { Born } from '../measurement/lineage.js';
import type { MeasuredProcess } from '../measurement/process.js';

/** The script of a launched process, as it was measured. Digests are lower-case hex of SHA-256. */
export interface LaunchedScript {
  readonly path: string;
  readonly sha256: string;
  /** Path of the interpreter's executable. */
  readonly interpreter: string;
  /** Between interpreter and script. */
  readonly interpreterArgs: readonly string[];
  /** Name and version of the package that it belongs to, where there is one. */
  readonly packageName?: string;
  /** Of the lock file beside it. */
  readonly lockSha256?: string;
}

/** What the daemon knows of a process since it launched it. */
export interface LaunchFacts {
  readonly instance: string;
  /** Of the definition. */
  readonly name: string;
  /** Uid of whoever launched it. */
  readonly launchedBy: number;
  /** Id of the instance that launched it, if it was one. */
  readonly parent?: string;
  readonly executable: string;
  /** Lower-case hex. */
  readonly executableSha256: string;
  readonly script?: LaunchedScript;
  /** What could not be had for it, such as a cgroup of its own; sentences for people. */
  readonly notes: readonly string[];
  /** `launch:*` and `script:*`. */
  readonly selectors: readonly string[];
}

/** A cgroup that was made for one launched program. */
export interface LaunchCgroup extends CgroupPlace {
  /** Where it lies in the daemon's own mount namespace. */
  readonly folder: string;
  /** Of the folder: another one of the same path is another cgroup. */
  readonly inode: number;
}

/** One launched program, from its start until the last process in its cgroup is gone. */
export interface Launched extends Born {
  readonly facts: LaunchFacts;
  readonly cgroup: LaunchCgroup | undefined;
  /** The process that was started, while it is what was started; undefined when it has ended, or could not be found again. */
  readonly process: MeasuredProcess | undefined;
}
