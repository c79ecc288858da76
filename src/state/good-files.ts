import { promisify } from 'node:util';
import { constants, deflateRaw as deflateRawCallback, inflateRaw as inflateRawCallback } from 'node:zlib';
import type { Logger } from '../core/log.js';
import type { Database } from './database.js';
import type { FolderContents, WatchedFile } from './folder-reader.js';

const deflateRaw = promisify(deflateRawCallback);
const inflateRaw = promisify(inflateRawCallback);

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

  /**
   * Those of the last run, without any that is spoilt: that is no reason not to start.
   *
   * Errors: STATE_UNUSABLE.
   */
  async load(): Promise<FolderContents> {
    const sql = 'SELECT name, contents FROM good_files WHERE folder = ? ORDER BY name';
    const kept = new Map<string, WatchedFile>();
    for (const { name, contents } of this.#database.all(sql, this.#folder)) {
      const unpacked = await this.#unpack(String(name), contents as Uint8Array);
      if (unpacked !== undefined) kept.set(String(name), { contents: unpacked });
    }
    this.#kept = kept;
    return kept;
  }

  async #unpack(file: string, contents: Uint8Array): Promise<Buffer | undefined> {
    try {
      return await inflateRaw(contents);
    } catch (error) {
      this.#log.warn('a file that is kept for the start is spoilt', { folder: this.#folder, file, error });
      return undefined;
    }
  }

  /**
   * Keeps these files and forgets all others; writes only what differs. Those that could not be read are left out.
   *
   * Errors: none. The files are in force whether or not they can be kept for the next start, which a full disk prevents.
   */
  async keep(files: FolderContents): Promise<void> {
    const gone = [...this.#kept.keys()].filter((name) => !files.has(name));
    const changed = [...files].filter(([name, file]) => !sameContents(this.#kept.get(name), file));
    try {
      if (gone.length + changed.length > 0) this.#write(gone, await packed(changed));
      this.#kept = files;
    } catch (error) {
      this.#log.warn('cannot keep the last good files for the next start', { folder: this.#folder, error });
    }
  }

  #write(gone: readonly string[], changed: ReadonlyMap<string, Uint8Array>): void {
    this.#database.transaction(() => {
      for (const name of gone) {
        this.#database.run('DELETE FROM good_files WHERE folder = ? AND name = ?', this.#folder, name);
      }
      for (const [name, contents] of changed) {
        const sql = 'INSERT OR REPLACE INTO good_files (folder, name, contents) VALUES (?, ?, ?)';
        this.#database.run(sql, this.#folder, name, contents);
      }
    });
  }
}

/** Packed in another thread: so little is left to write that nobody notices it. */
async function packed(
  files: readonly (readonly [name: string, file: WatchedFile])[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  for (const [name, file] of files) {
    if ('contents' in file) all.set(name, await deflateRaw(file.contents, { level: constants.Z_BEST_SPEED }));
  }
  return all;
}

function sameContents(one: WatchedFile | undefined, other: WatchedFile): boolean {
  if (one === other) return true;
  return one !== undefined && 'contents' in one && 'contents' in other && one.contents.equals(other.contents);
}
