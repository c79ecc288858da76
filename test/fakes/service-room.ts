import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from '../../src/core/services.js';
import { Database } from '../../src/state/database.js';
import { MemoryLog } from './memory-log.js';
import { temporaryFolder } from './temporary-folder.js';

/** What a service that follows a folder and keeps things in the database is opened with. */
export interface RoomDeps {
  readonly folder: string;
  readonly database: Database;
  readonly log: MemoryLog;
}

/** One such service with its folder and its database, which can be stopped and opened again. Ends with the test. */
export class ServiceRoom<S extends Service> implements AsyncDisposable {
  readonly folder: string;
  readonly log = new MemoryLog();
  readonly #open: (deps: RoomDeps) => Promise<S>;
  readonly #base: { readonly path: string } & AsyncDisposable;
  #opened: { readonly database: Database; readonly service: S } | undefined;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  private constructor(
    base: { readonly path: string } & AsyncDisposable,
    open: (deps: RoomDeps) => Promise<S>,
  ) {
    this.#base = base;
    this.#open = open;
    this.folder = join(base.path, 'watched.d');
  }

  /** Takes: the files of the folder, by name. */
  static async open<S extends Service>(
    files: Readonly<Record<string, string>>,
    open: (deps: RoomDeps) => Promise<S>,
  ): Promise<ServiceRoom<S>> {
    const room = new ServiceRoom(await temporaryFolder(), open);
    await mkdir(room.folder);
    for (const [name, text] of Object.entries(files)) await room.write(name, text);
    await room.restart();
    return room;
  }

  get service(): S {
    return this.#now.service;
  }

  get database(): Database {
    return this.#now.database;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  /** Lets it run until the room is closed or opened again. */
  run(): void {
    const stop = new AbortController();
    this.#running = { stop, done: this.service.run(stop.signal) };
  }

  /** From now on nothing can be written, as on a full disk. */
  async breakDatabase(): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }

  /** Closes it and opens it on the same folder and database; it does not run then. */
  async restart(): Promise<void> {
    await this.#close();
    const database = await Database.open(join(this.#base.path, 'spoor.db'));
    this.#opened = {
      database,
      service: await this.#open({ folder: this.folder, database, log: this.log }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#base[Symbol.asyncDispose]();
  }

  get #now(): { readonly database: Database; readonly service: S } {
    if (this.#opened === undefined) throw new Error('it is closed');
    return this.#opened;
  }

  async #close(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.done;
    this.#running = undefined;
    await this.#opened?.database[Symbol.asyncDispose]();
  }
}
