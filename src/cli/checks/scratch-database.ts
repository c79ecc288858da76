import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '../../state/database.js';

/** An empty database that goes when it is closed, so that files can be checked without touching the daemon's state. */
export class ScratchDatabase implements AsyncDisposable {
  readonly database: Database;
  readonly #folder: string;

  private constructor(database: Database, folder: string) {
    this.database = database;
    this.#folder = folder;
  }

  static async open(temporary: string): Promise<ScratchDatabase> {
    const folder = await mkdtemp(join(temporary, 'spoor-check-'));
    return new ScratchDatabase(await Database.open(join(folder, 'check.db')), folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
