import { basename, join } from 'node:path';
import type { Logger } from '../core/log.js';
import { finishInSlices, forEachInSteps, type Steps } from '../core/steps.js';
import type { Database } from './database.js';
import type { FileProblem } from './file-problems.js';
import type { FolderContents, WatchedFile } from './folder-reader.js';
import { GoodFiles } from './good-files.js';

/** In a log line; `problems` has them all. */
const MAX_LOGGED = 20;

/** Something that stands in a watched file, or was set by command. */
export interface KeptItem {
  readonly source:
    { readonly kind: 'file'; readonly file: string; readonly line: number } | { readonly kind: 'store' };
}

/** What one file says: all that is right in it, and all that is wrong. */
export interface ItemFile<Item> {
  readonly items: readonly Item[];
  readonly problems: readonly FileProblem[];
}

/** How the items are called in problems and in the log. */
export interface ItemWords {
  /** One and many of them: `entry`, `entries`. */
  readonly item: string;
  readonly items: string;
  /** The field that tells them apart, alone and with its article: `id`, `an id`. */
  readonly key: string;
  readonly aKey: string;
}

export interface ItemFilesDeps<Item> {
  readonly folder: string;
  readonly database: Database;
  readonly log: Logger;
  /** The item of this key that is in force now, wherever it is from. */
  readonly find: (key: string) => Item | undefined;
  readonly keyOf: (item: Item) => string;
  /** Takes: the full path of the file, and what it holds. */
  readonly read: (path: string, contents: Buffer) => Promise<ItemFile<Item>>;
  /** Of all files together. */
  readonly maxItems: number;
  readonly words: ItemWords;
}

interface ReadFile<Item> extends ItemFile<Item> {
  readonly file: WatchedFile;
}

type ReadFiles<Item> = ReadonlyMap<string, ReadFile<Item>>;

/** What has to be done to the items in force for the files to be in force. */
export interface FilesChange<Item> {
  readonly added: readonly Item[];
  /** Keys. */
  readonly removed: readonly string[];
}

const NO_CHANGE = { added: [], removed: [] } as const;

/**
 * The files of items, such as entries: what they say now, and the last set of them in which everything was right, which
 * is in force.
 *
 * Source: decision 6.
 */
export class ItemFiles<Item extends KeptItem> {
  readonly #deps: ItemFilesDeps<Item>;
  readonly #good: GoodFiles;
  #latest: ReadFiles<Item> = new Map();
  #inForce: ReadFiles<Item> = new Map();
  #problems: readonly FileProblem[] = [];

  constructor(deps: ItemFilesDeps<Item>) {
    this.#deps = deps;
    this.#good = new GoodFiles(deps);
  }

  /** Of the files as they stand now, in force or not. */
  get problems(): readonly FileProblem[] {
    return this.#problems;
  }

  /**
   * Takes the files as the daemon finds them at its start. If they have problems the last good ones of its last run are
   * in force; if there are none, those files in which nothing is wrong.
   *
   * Errors: STATE_UNUSABLE.
   */
  async open(contents: FolderContents): Promise<FilesChange<Item>> {
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
  async take(contents: FolderContents): Promise<FilesChange<Item>> {
    this.#latest = await this.#read(contents);
    return this.#judge();
  }

  /** Judges files with problems once more, when a key that they use may have become free. */
  async recheck(): Promise<FilesChange<Item>> {
    return this.#problems.length === 0 ? NO_CHANGE : this.#judge();
  }

  /** Keeps the files for the next start, if they are in force as they stand. */
  async keep(): Promise<void> {
    if (this.#problems.length > 0) return;
    await this.#good.keep(new Map([...this.#latest].map(([name, { file }]) => [name, file])));
  }

  async #judge(): Promise<FilesChange<Item>> {
    const problems = await finishInSlices(this.#problemsOf(this.#latest));
    this.#report(problems);
    this.#problems = problems;
    return problems.length > 0 ? NO_CHANGE : finishInSlices(this.#adopt(this.#latest));
  }

  *#adopt(files: ReadFiles<Item>): Steps<FilesChange<Item>> {
    const { keyOf } = this.#deps;
    const before = this.#inForce;
    this.#inForce = files;
    const added = changedItems(files, before);
    const removed = new Set<string>();
    yield* forEachInSteps(changedItems(before, files), (item) => removed.add(keyOf(item)));
    yield* forEachInSteps(added, (item) => removed.delete(keyOf(item)));
    return { added, removed: [...removed] };
  }

  async #read(contents: FolderContents): Promise<ReadFiles<Item>> {
    const files = new Map<string, ReadFile<Item>>();
    for (const [name, file] of contents) {
      const before = this.#latest.get(name);
      files.set(name, before?.file === file ? before : { file, ...(await this.#readOne(name, file)) });
    }
    return files;
  }

  async #readOne(name: string, file: WatchedFile): Promise<ItemFile<Item>> {
    const path = join(this.#deps.folder, name);
    if ('contents' in file) return this.#deps.read(path, file.contents);
    const allowed = 'a file that can be read';
    return { items: [], problems: [{ file: path, line: 1, path: '', found: file.failure, allowed }] };
  }

  *#problemsOf(files: ReadFiles<Item>): Steps<readonly FileProblem[]> {
    const own = [...files.values()].flatMap(({ problems }) => problems);
    return [...own, ...(yield* this.#takenKeys(files)), ...this.#tooMany(files)];
  }

  /** Only in files that are not in force already: those that are have no key in common. */
  *#takenKeys(files: ReadFiles<Item>): Steps<readonly FileProblem[]> {
    const { keyOf, find } = this.#deps;
    const owners = new Map<string, Item>();
    const problems: FileProblem[] = [];
    yield* forEachInSteps(changedItems(files, this.#inForce), (item) => {
      const key = keyOf(item);
      const owner = owners.get(key) ?? this.#stays(find(key), files);
      if (owner !== undefined) problems.push(this.#takenKey(key, item, owner));
      owners.set(key, owner ?? item);
    });
    return problems;
  }

  #takenKey(key: string, { source }: Item, owner: Item): FileProblem {
    const { words } = this.#deps;
    const { file, line } = source.kind === 'file' ? source : { file: '', line: 0 };
    const where =
      owner.source.kind === 'file'
        ? `the one at ${owner.source.file}:${owner.source.line}`
        : 'one that was set by command';
    const allowed = `${words.aKey} that no other ${words.item} has; ${where} has it`;
    return { file, line, path: words.key, found: key, allowed };
  }

  #tooMany(files: ReadFiles<Item>): FileProblem[] {
    const { folder, maxItems, words } = this.#deps;
    const count = [...files.values()].reduce((sum, { items }) => sum + items.length, 0);
    if (count <= maxItems) return [];
    const found = `${count} ${words.items}`;
    return [{ file: folder, line: 1, path: '', found, allowed: `at most ${maxItems}` }];
  }

  /** The item, if it would still be there when `files` were in force. */
  #stays(item: Item | undefined, files: ReadFiles<Item>): Item | undefined {
    if (item?.source.kind !== 'file') return item;
    const name = basename(item.source.file);
    return files.get(name) === this.#inForce.get(name) ? item : undefined;
  }

  /** Once for each time that things go bad, however many edits it takes to mend them. */
  #report(problems: readonly FileProblem[]): void {
    const { log, folder, words } = this.#deps;
    if (problems.length > 0) {
      const level = this.#problems.length === 0 ? 'warn' : 'debug';
      const fields = { folder, count: problems.length, problems: problems.slice(0, MAX_LOGGED) };
      log[level](`${words.item} files have problems; the last good ${words.items} stay in force`, fields);
    } else if (this.#problems.length > 0) log.info(`${words.item} files are in order again`, { folder });
  }
}

/** The items of those of `files` that are not in `others`, just so. */
function changedItems<Item>(files: ReadFiles<Item>, others: ReadFiles<Item>): readonly Item[] {
  return [...files].filter(([name, file]) => others.get(name) !== file).flatMap(([, { items }]) => items);
}

function withoutProblems<Item extends KeptItem>(
  files: ReadFiles<Item>,
  problems: readonly FileProblem[],
): ReadFiles<Item> {
  const bad = new Set(problems.map(({ file }) => file));
  const isGood = ({ items, problems }: ReadFile<Item>): boolean =>
    problems.length === 0 && items.every(({ source }) => source.kind === 'file' && !bad.has(source.file));
  return new Map([...files].filter(([, file]) => isGood(file)));
}
