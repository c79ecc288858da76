import { join } from 'node:path';
import type { Logger } from '../core/log.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';
import type { FolderContents, WatchedFile } from '../state/folder-reader.js';
import { GoodFiles } from '../state/good-files.js';
import { readEntryFile, type EntryFile, type EntryProblem } from './entry-file.js';
import { entrySchemas, type EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** In a log line; `problems` has them all. */
const MAX_LOGGED = 20;

export interface EntryFilesDeps {
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly log: Logger;
  /** Whether an entry that was set by command has this id. */
  readonly isStored: (id: string) => boolean;
}

interface ReadFile extends EntryFile {
  readonly file: WatchedFile;
}

type ReadFiles = ReadonlyMap<string, ReadFile>;

/** The entry files: what they say now, and the last set of them in which everything was right, which is in force. */
export class EntryFiles {
  readonly #deps: EntryFilesDeps;
  readonly #schemas: EntrySchemas;
  readonly #good: GoodFiles;
  #latest: ReadFiles = new Map();
  #inForce: ReadFiles = new Map();
  #problems: readonly EntryProblem[] = [];

  constructor(deps: EntryFilesDeps) {
    this.#deps = deps;
    this.#schemas = entrySchemas(deps.trustDomain);
    this.#good = new GoodFiles(deps.database, deps.folder);
  }

  /** Of the files as they stand now, in force or not. */
  get problems(): readonly EntryProblem[] {
    return this.#problems;
  }

  /** The entries in force. */
  *entries(): Generator<Entry> {
    yield* entriesOf(this.#inForce);
  }

  /**
   * Takes the files as the daemon finds them at its start. If they have problems the last good ones of its last run are
   * in force; if there are none, those files in which nothing is wrong.
   *
   * Errors: STATE_UNUSABLE.
   */
  async open(contents: FolderContents): Promise<void> {
    const lastRun = this.#good.load();
    await this.take(contents);
    if (this.#problems.length === 0) return;
    const choices = [await this.#read(lastRun), withoutProblems(this.#latest, this.#problems)];
    const usable = choices.find((files) => files.size > 0 && this.#problemsOf(files).length === 0);
    this.#inForce = usable ?? this.#inForce;
  }

  /**
   * Takes the files as they stand now: into force if nothing is wrong in any of them.
   *
   * Errors: STATE_UNUSABLE.
   */
  async take(contents: FolderContents): Promise<void> {
    this.#latest = await this.#read(contents);
    this.recheck();
  }

  /** Judges the files once more, when an id that they use may have become free. */
  recheck(): void {
    const problems = this.#problemsOf(this.#latest);
    this.#report(problems);
    this.#problems = problems;
    if (problems.length > 0) return;
    this.#inForce = this.#latest;
    this.#good.keep(new Map([...this.#latest].map(([name, { file }]) => [name, file])));
  }

  async #read(contents: FolderContents): Promise<ReadFiles> {
    const files = new Map<string, ReadFile>();
    for (const [name, file] of contents) {
      const before = this.#latest.get(name);
      files.set(name, before?.file === file ? before : { file, ...(await this.#readOne(name, file)) });
    }
    return files;
  }

  async #readOne(name: string, file: WatchedFile): Promise<EntryFile> {
    const path = join(this.#deps.folder, name);
    if ('contents' in file) return readEntryFile(path, file.contents, this.#schemas);
    const problem = {
      file: path,
      line: 1,
      path: '',
      found: file.failure,
      allowed: 'a file that can be read',
    };
    return { entries: [], problems: [problem] };
  }

  #problemsOf(files: ReadFiles): readonly EntryProblem[] {
    const own = [...files.values()].flatMap(({ problems }) => problems);
    return [...own, ...takenIds(files, this.#deps.isStored)];
  }

  /** Once for each time that things go bad, however many edits it takes to mend them. */
  #report(problems: readonly EntryProblem[]): void {
    const { log, folder } = this.#deps;
    if (problems.length > 0) {
      const level = this.#problems.length === 0 ? 'warn' : 'debug';
      const fields = { folder, count: problems.length, problems: problems.slice(0, MAX_LOGGED) };
      log[level]('entry files have problems; the last good entries stay in force', fields);
    } else if (this.#problems.length > 0) log.info('entry files are in order again', { folder });
  }
}

function* entriesOf(files: ReadFiles): Generator<Entry> {
  for (const { entries } of files.values()) yield* entries;
}

function takenIds(files: ReadFiles, isStored: (id: string) => boolean): EntryProblem[] {
  const owners = new Map<string, Entry>();
  const problems: EntryProblem[] = [];
  for (const entry of entriesOf(files)) {
    const owner = owners.get(entry.id);
    if (owner !== undefined) problems.push(takenId(entry, `the one at ${placeOf(owner)}`));
    else if (isStored(entry.id)) problems.push(takenId(entry, 'one that was set by command'));
    owners.set(entry.id, owner ?? entry);
  }
  return problems;
}

function takenId({ id, source }: Entry, owner: string): EntryProblem {
  const { file, line } = source.kind === 'file' ? source : { file: '', line: 0 };
  return { file, line, path: 'id', found: id, allowed: `an id that no other entry has; ${owner} has it` };
}

function placeOf({ source }: Entry): string {
  return source.kind === 'file' ? `${source.file}:${source.line}` : 'the store';
}

function withoutProblems(files: ReadFiles, problems: readonly EntryProblem[]): ReadFiles {
  const bad = new Set(problems.map(({ file }) => file));
  const isGood = ({ entries, problems }: ReadFile): boolean =>
    problems.length === 0 && entries.every(({ source }) => source.kind === 'file' && !bad.has(source.file));
  return new Map([...files].filter(([, file]) => isGood(file)));
}
