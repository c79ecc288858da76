import type { Logger } from '../core/log.js';
import type { Database } from './database.js';
import type { FolderContents, WatchedFile } from './folder-reader.js';

/**
 * The last good files of a watched folder, kept so that a bad edit does no harm across a restart either.
 *
 * Source: decision 9.
 */
export class GoodFiles {
  readonly #database: Database;
  readonly #folder: string;
  readonly #log: Logger;
  /** What is on disk, as far as it is known. */
  #kept: FolderContents = new Map();

  constructor(deps: { readonly database: Database; readonly folder: string; readonly log: Logger }) {
    this.#database = deps.database;
    this.#folder = deps.folder;
    this.#log = deps.log;
  }

  /** Errors: STATE_UNUSABLE. */
  load(): FolderContents {
    const rows = this.#database.all(
      'SELECT name, contents FROM good_files WHERE folder = ? ORDER BY name',
      this.#folder,
    );
    this.#kept = new Map(
      rows.map(({ name, contents }) => [String(name), { contents: Buffer.from(contents as Uint8Array) }]),
    );
    return this.#kept;
  }

  /**
   * Keeps these files and forgets all others; writes only what differs. Those that could not be read are left out.
   *
   * Errors: none. The files are in force whether or not they can be kept for the next start, which a full disk prevents.
   */
  keep(files: FolderContents): void {
    const gone = [...this.#kept.keys()].filter((name) => !files.has(name));
    const changed = [...files].filter(([name, file]) => !sameContents(this.#kept.get(name), file));
    try {
      if (gone.length + changed.length > 0) this.#write(gone, changed);
      this.#kept = files;
    } catch (error) {
      this.#log.warn('cannot keep the last good files for the next start', { folder: this.#folder, error });
    }
  }

  #write(gone: readonly string[], changed: readonly (readonly [string, WatchedFile])[]): void {
    this.#database.transaction(() => {
      for (const name of gone) {
        this.#database.run('DELETE FROM good_files WHERE folder = ? AND name = ?', this.#folder, name);
      }
      for (const [name, file] of changed) {
        if (!('contents' in file)) continue;
        const sql = 'INSERT OR REPLACE INTO good_files (folder, name, contents) VALUES (?, ?, ?)';
        this.#database.run(sql, this.#folder, name, file.contents);
      }
    });
  }
}

function sameContents(one: WatchedFile | undefined, other: WatchedFile): boolean {
  if (one === other) return true;
  return one !== undefined && 'contents' in one && 'contents' in other && one.contents.equals(other.contents);
}
