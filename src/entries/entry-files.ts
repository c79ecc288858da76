import { basename, join } from 'node:path';
import type { Logger } from '../core/log.js';
import { finishInSlices, forEachInSteps, type Steps } from '../core/steps.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';
import type { FolderContents, WatchedFile } from '../state/folder-reader.js';
import { GoodFiles } from '../state/good-files.js';
import { readEntryFile, type EntryFile } from './entry-file.js';
import type { EntryProblem } from './entry-items.js';
import { entrySchemas, type EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** Of all files together: ten times what is promised to be quick, and some 600 MB of memory. */
const MAX_ENTRIES = 1_000_000;
/** In a log line; `problems` has them all. */
const MAX_LOGGED = 20;

export interface EntryFilesDeps {
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly log: Logger;
  /** The entry of this id that is in force now, wherever it is from. */
  readonly find: (id: string) => Entry | undefined;
}

interface ReadFile extends EntryFile {
  readonly file: WatchedFile;
}

type ReadFiles = ReadonlyMap<string, ReadFile>;

/** What has to be done to the entries in force for the files to be in force. */
export interface FilesChange {
  readonly added: readonly Entry[];
  readonly removed: readonly string[];
}

const NO_CHANGE: FilesChange = { added: [], removed: [] };

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
    this.#good = new GoodFiles(deps);
  }

  /** Of the files as they stand now, in force or not. */
  get problems(): readonly EntryProblem[] {
    return this.#problems;
  }

  /**
   * Takes the files as the daemon finds them at its start. If they have problems the last good ones of its last run are
   * in force; if there are none, those files in which nothing is wrong.
   *
   * Errors: STATE_UNUSABLE.
   */
  async open(contents: FolderContents): Promise<FilesChange> {
    const lastRun = await this.#good.load();
    const change = await this.take(contents);
    if (this.#problems.length === 0) return change;
    const choices = [await this.#read(lastRun), withoutProblems(this.#latest, this.#problems)];
    for (const files of choices) {
      const isUsable = files.size > 0 && (await finishInSlices(this.#problemsOf(files))).length === 0;
      if (isUsable) return finishInSlices(this.#adopt(files));
    }
    return NO_CHANGE;
  }

  /** Takes the files as they stand now: into force if nothing is wrong in any of them. */
  async take(contents: FolderContents): Promise<FilesChange> {
    this.#latest = await this.#read(contents);
    return this.#judge();
  }

  /** Judges files with problems once more, when an id that they use may have become free. */
  async recheck(): Promise<FilesChange> {
    return this.#problems.length === 0 ? NO_CHANGE : this.#judge();
  }

  /** Keeps the files for the next start, if they are in force as they stand. */
  async keep(): Promise<void> {
    if (this.#problems.length > 0) return;
    await this.#good.keep(new Map([...this.#latest].map(([name, { file }]) => [name, file])));
  }

  async #judge(): Promise<FilesChange> {
    const problems = await finishInSlices(this.#problemsOf(this.#latest));
    this.#report(problems);
    this.#problems = problems;
    return problems.length > 0 ? NO_CHANGE : finishInSlices(this.#adopt(this.#latest));
  }

  *#adopt(files: ReadFiles): Steps<FilesChange> {
    const before = this.#inForce;
    this.#inForce = files;
    const added = changedEntries(files, before);
    const removed = new Set<string>();
    yield* forEachInSteps(changedEntries(before, files), ({ id }) => removed.add(id));
    yield* forEachInSteps(added, ({ id }) => removed.delete(id));
    return { added, removed: [...removed] };
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

  *#problemsOf(files: ReadFiles): Steps<readonly EntryProblem[]> {
    const own = [...files.values()].flatMap(({ problems }) => problems);
    return [...own, ...(yield* this.#takenIds(files)), ...this.#tooMany(files)];
  }

  /** Only in files that are not in force already: those that are have no id in common. */
  *#takenIds(files: ReadFiles): Steps<readonly EntryProblem[]> {
    const owners = new Map<string, Entry>();
    const problems: EntryProblem[] = [];
    yield* forEachInSteps(changedEntries(files, this.#inForce), (entry) => {
      const owner = owners.get(entry.id) ?? this.#stays(this.#deps.find(entry.id), files);
      if (owner !== undefined) problems.push(takenId(entry, owner));
      owners.set(entry.id, owner ?? entry);
    });
    return problems;
  }

  #tooMany(files: ReadFiles): EntryProblem[] {
    const count = [...files.values()].reduce((sum, { entries }) => sum + entries.length, 0);
    if (count <= MAX_ENTRIES) return [];
    const { folder } = this.#deps;
    return [
      { file: folder, line: 1, path: '', found: `${count} entries`, allowed: `at most ${MAX_ENTRIES}` },
    ];
  }

  /** The entry, if it would still be there when `files` were in force. */
  #stays(entry: Entry | undefined, files: ReadFiles): Entry | undefined {
    if (entry?.source.kind !== 'file') return entry;
    const name = basename(entry.source.file);
    return files.get(name) === this.#inForce.get(name) ? entry : undefined;
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

/** The entries of those of `files` that are not in `others`, just so. */
function changedEntries(files: ReadFiles, others: ReadFiles): readonly Entry[] {
  return [...files].filter(([name, file]) => others.get(name) !== file).flatMap(([, { entries }]) => entries);
}

function takenId({ id, source }: Entry, owner: Entry): EntryProblem {
  const { file, line } = source.kind === 'file' ? source : { file: '', line: 0 };
  const where =
    owner.source.kind === 'file'
      ? `the one at ${owner.source.file}:${owner.source.line}`
      : 'one that was set by command';
  return { file, line, path: 'id', found: id, allowed: `an id that no other entry has; ${where} has it` };
}

function withoutProblems(files: ReadFiles, problems: readonly EntryProblem[]): ReadFiles {
  const bad = new Set(problems.map(({ file }) => file));
  const isGood = ({ entries, problems }: ReadFile): boolean =>
    problems.length === 0 && entries.every(({ source }) => source.kind === 'file' && !bad.has(source.file));
  return new Map([...files].filter(([, file]) => isGood(file)));
}
