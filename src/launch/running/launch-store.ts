import type { Database, Row } from '../../state/database.js';
import type { ExecutionMarks } from '../../measurement/process-marks.js';
import type { LaunchDetails } from './active-launch.js';

/** A launched program as it outlives the daemon. */
export interface StoredLaunch extends LaunchDetails {
  /** A number of a process means something only until the machine starts anew; proc_sys_kernel(5), random/boot_id. */
  readonly bootId: string;
  /** By which the execution is known again; undefined when the program had ended, and only its cgroup was left. */
  readonly marks: ExecutionMarks | undefined;
}

/** Launched programs on disk, so that a daemon that starts again knows them. */
export class LaunchStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Oldest first. Errors: STATE_UNUSABLE, here and below. */
  load(): readonly StoredLaunch[] {
    return this.#database.all('SELECT launch FROM launches ORDER BY started_at, instance').map(readRow);
  }

  /** Adds one, or puts it in the place of the one of its id. */
  put(launch: StoredLaunch): void {
    const sql = 'INSERT OR REPLACE INTO launches (instance, started_at, launch) VALUES (?, ?, ?)';
    this.#database.run(sql, launch.facts.instance, launch.startedAt.getTime(), JSON.stringify(launch));
  }

  delete(instance: string): void {
    this.#database.run('DELETE FROM launches WHERE instance = ?', instance);
  }
}

function readRow({ launch }: Row): StoredLaunch {
  const stored = JSON.parse(String(launch)) as StoredLaunch & { readonly startedAt: string };
  return { ...stored, startedAt: new Date(stored.startedAt) };
}
