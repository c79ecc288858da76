import { open } from 'node:fs/promises';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { SpoorError } from '../core/errors.js';
import { MIGRATIONS } from './migrations.js';

export type Row = Record<string, SQLOutputValue>;

/**
 * The daemon's one database: entries and bundles that were set by command, and the last good files.
 *
 * Everything is synchronous, so a read and the write that rests on it cannot be torn apart by another caller.
 * A change is on disk when its call returns (WAL with synchronous=FULL).
 *
 * Source: decision 9.
 */
export class Database implements AsyncDisposable {
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #path: string;

  private constructor(path: string, sqlite: DatabaseSync) {
    this.#path = path;
    this.#sqlite = sqlite;
  }

  /**
   * Opens the database of a state folder, makes it if there is none, and brings its tables up to date.
   *
   * Errors: STATE_UNUSABLE when it is corrupt, no database, of a later Spoor, or not writable. It is then left as it was.
   */
  static async open(path: string): Promise<Database> {
    await createPrivate(path);
    inspect(path);
    const database = new Database(path, openSqlite(path));
    try {
      database.#prepare();
      return database;
    } catch (error) {
      database.#sqlite.close();
      throw error;
    }
  }

  /** Errors: STATE_UNUSABLE, as for every other call here, with SQLite's own words as the cause. */
  all(sql: string, ...parameters: readonly SQLInputValue[]): Row[] {
    return this.#guarded(() => this.#statement(sql).all(...parameters));
  }

  get(sql: string, ...parameters: readonly SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#statement(sql).get(...parameters));
  }

  /** Returns: how many rows it changed. */
  run(sql: string, ...parameters: readonly SQLInputValue[]): number {
    return this.#guarded(() => Number(this.#statement(sql).run(...parameters).changes));
  }

  /** Does all of `work` or nothing of it. Not to be nested. */
  transaction<T>(work: () => T): T {
    this.#guarded(() => this.#sqlite.exec('BEGIN IMMEDIATE'));
    try {
      const result = work();
      this.#guarded(() => this.#sqlite.exec('COMMIT'));
      return result;
    } catch (error) {
      // On a full disk SQLite has rolled back by itself; a second rollback would hide the real error.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  #prepare(): void {
    this.#guarded(() => this.#sqlite.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;'));
    for (let next = versionOf(this.#sqlite); next < MIGRATIONS.length; next++) this.#migrate(next);
  }

  #migrate(from: number): void {
    this.transaction(() => {
      this.#guarded(() => this.#sqlite.exec(`${MIGRATIONS[from]}; PRAGMA user_version=${from + 1}`));
    });
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guarded<T>(work: () => T): T {
    return guarded(this.#path, work);
  }
}

/** SQLite gives its -wal and -shm files the permissions of the database. */
async function createPrivate(path: string): Promise<void> {
  try {
    await (await open(path, 'a', 0o600)).close();
  } catch (error) {
    throw unusable(`${path} cannot be opened`, error);
  }
}

/** Looks through a connection that cannot write: any other would fold a left-over -wal file into a damaged database. */
function inspect(path: string): void {
  const sqlite = openSqlite(path, true);
  try {
    const finding = guarded(path, () =>
      String(sqlite.prepare('PRAGMA quick_check(1)').get()?.['quick_check']),
    );
    if (finding !== 'ok') throw unusable(`${path} is corrupt: ${finding}`);
    const version = versionOf(sqlite);
    if (version > MIGRATIONS.length) {
      throw unusable(
        `${path} was written by a later Spoor: format ${version}, known are up to ${MIGRATIONS.length}`,
      );
    }
  } finally {
    sqlite.close();
  }
}

function versionOf(sqlite: DatabaseSync): number {
  return Number(sqlite.prepare('PRAGMA user_version').get()?.['user_version']);
}

function openSqlite(path: string, readOnly = false): DatabaseSync {
  return guarded(path, () => new DatabaseSync(path, { timeout: 0, readOnly }));
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw unusable(`${path} cannot be used: ${why}`, error);
  }
}

function unusable(message: string, cause?: unknown): SpoorError {
  return new SpoorError('STATE_UNUSABLE', message, { cause });
}
