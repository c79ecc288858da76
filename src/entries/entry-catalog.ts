import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { runServices, type Service } from '../core/services.js';
import { SnapshotCell, untilReplaced } from '../core/snapshot.js';
import { finishInSlices } from '../core/steps.js';
import { Turns } from '../core/turns.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';
import type { FileProblem } from '../state/file-problems.js';
import { ItemFiles, type FilesChange } from '../state/item-files.js';
import { WatchedFolder } from '../state/watched-folder.js';
import { checkDraft, entryOf, type EntryDraft } from './entry-draft.js';
import { readEntryFile } from './entry-file.js';
import { entrySchemas, type EntrySchemas } from './entry-schema.js';
import { EntrySet } from './entry-set.js';
import { EntryStore } from './entry-store.js';
import type { Entry } from './entry.js';
import { readSpireEntries, type ImportResult, type SkippedEntry } from './spire-import.js';

/** Of all files together: ten times what is promised to be quick, and some 600 MB of memory. */
const MAX_ENTRIES = 1_000_000;
const WORDS = { item: 'entry', items: 'entries', key: 'id', aKey: 'an id' } as const;

export interface EntryCatalogDeps {
  /** Where the entry files lie. */
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * All entries: those of the files, which it follows, and those that were set by command, which it keeps.
 * The one writer of `entries`.
 *
 * Source: decision 9.
 */
export class EntryCatalog implements Service {
  readonly name = 'entries';
  readonly entries: SnapshotCell<EntrySet>;
  readonly #deps: EntryCatalogDeps;
  readonly #schemas: EntrySchemas;
  readonly #folder: WatchedFolder;
  readonly #files: ItemFiles<Entry>;
  readonly #store: EntryStore;
  /** A big change takes a while, and others are let work meanwhile: whoever wants to change something waits its turn. */
  readonly #turns = new Turns();

  private constructor(deps: EntryCatalogDeps) {
    this.#deps = deps;
    this.#schemas = entrySchemas(deps.trustDomain);
    this.#folder = new WatchedFolder({ ...deps, path: deps.folder, accepts: isEntryFile });
    this.#store = new EntryStore(deps.database);
    this.entries = new SnapshotCell(EntrySet.of([], deps.trustDomain));
    this.#files = new ItemFiles({
      ...deps,
      find: (id) => this.#get(id),
      keyOf: ({ id }) => id,
      read: (path, contents) => readEntryFile(path, contents, this.#schemas),
      maxItems: MAX_ENTRIES,
      words: WORDS,
    });
  }

  /**
   * Loads files and store. Files with problems do not hinder it: `problems` and the log have them.
   *
   * Errors: STATE_UNUSABLE.
   */
  static async open(deps: EntryCatalogDeps): Promise<EntryCatalog> {
    const catalog = new EntryCatalog(deps);
    await catalog.#publish(await catalog.#store.load());
    await catalog.#apply(await catalog.#files.open(await catalog.#folder.load()));
    return catalog;
  }

  /** Of the files as they stand now. While there are any, the last good files stay in force. */
  get problems(): readonly FileProblem[] {
    return this.#files.problems;
  }

  /** Follows the files, and publishes the entries anew when one of them ends. */
  async run(signal: AbortSignal): Promise<void> {
    const follow = { name: 'entry files', run: (signal: AbortSignal) => this.#follow(signal) };
    const expire = { name: 'ends of entries', run: (signal: AbortSignal) => this.#expire(signal) };
    await runServices([follow, expire], signal);
  }

  /** Errors: ENTRY_EXISTS; what `checkDraft` says; STATE_UNUSABLE. */
  add(draft: EntryDraft): Promise<Entry> {
    return this.#turns.take(() => {
      const checked = checkDraft(this.#schemas, draft);
      const id = checked.id ?? randomUUID();
      const there = this.#get(id);
      if (there === undefined) {
        return this.#put(entryOf({ ...checked, id }, { kind: 'store' }, this.#deps.clock.now()));
      }
      throw new SpoorError('ENTRY_EXISTS', `an entry ${id} is there already${inFile(there)}`);
    });
  }

  /** Errors: ENTRY_NOT_FOUND; ENTRY_READ_ONLY, naming the file; what `checkDraft` says; STATE_UNUSABLE. */
  update(id: string, change: Partial<EntryDraft>): Promise<Entry> {
    return this.#turns.take(() => {
      const before = this.#stored(id);
      const checked = checkDraft(this.#schemas, { ...before, ...change, id });
      return this.#put(entryOf({ ...checked, id }, { kind: 'store' }, before.createdAt));
    });
  }

  /** Errors: ENTRY_NOT_FOUND; ENTRY_READ_ONLY, naming the file; STATE_UNUSABLE. */
  delete(id: string): Promise<void> {
    return this.#turns.take(async () => {
      this.#stored(id);
      this.#store.delete(id);
      await this.#publish([], [id]);
      // A file may have waited for this id.
      await this.#apply(await this.#files.recheck());
    });
  }

  /** Takes SPIRE's entries over: all that can be, at once. Errors: as `readSpireEntries`; STATE_UNUSABLE. */
  import(spireJson: string): Promise<ImportResult> {
    return this.#turns.take(async () => {
      const { entries, skipped } = readSpireEntries(spireJson, this.#schemas, this.#deps.clock.now());
      const { fresh, unchanged, taken } = compare(entries, (id) => this.#get(id));
      this.#store.put(fresh);
      await this.#publish(fresh);
      return { added: fresh.map(({ id }) => id), unchanged, skipped: [...skipped, ...taken] };
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const contents of this.#folder.changes(signal)) {
      await this.#turns.take(async () => this.#apply(await this.#files.take(contents)));
    }
  }

  async #expire(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      const snapshot = this.entries.current;
      const { nextExpiry } = snapshot.value;
      if (nextExpiry === undefined) {
        await untilReplaced(snapshot, signal);
        continue;
      }
      const replaced = new AbortController();
      snapshot.onReplaced(() => replaced.abort());
      const wait = nextExpiry.getTime() - clock.now().getTime();
      await clock.sleep(wait, AbortSignal.any([signal, replaced.signal]));
      if (!signal.aborted && nextExpiry <= clock.now()) await this.#turns.take(() => this.#publish([]));
    }
  }

  #get(id: string): Entry | undefined {
    return this.entries.current.value.get(id);
  }

  #stored(id: string): Entry {
    const entry = this.#get(id);
    if (entry === undefined) throw new SpoorError('ENTRY_NOT_FOUND', `there is no entry ${id}`);
    if (entry.source.kind === 'store') return entry;
    const { file, line } = entry.source;
    throw new SpoorError('ENTRY_READ_ONLY', `entry ${id} stands in ${file}:${line}`, {
      facts: { file, line },
    });
  }

  async #put(entry: Entry): Promise<Entry> {
    this.#store.put([entry]);
    await this.#publish([entry]);
    return entry;
  }

  async #apply({ added, removed }: FilesChange<Entry>): Promise<void> {
    if (added.length + removed.length > 0) await this.#publish(added, removed);
    await this.#files.keep();
  }

  async #publish(changed: readonly Entry[], removed: readonly string[] = []): Promise<void> {
    const steps = this.entries.current.value.changing(removed, changed, this.#deps.clock.now());
    this.entries.set(await finishInSlices(steps));
  }
}

interface Comparison {
  readonly fresh: readonly Entry[];
  /** Ids of those that are there already, just so. */
  readonly unchanged: readonly string[];
  readonly taken: readonly SkippedEntry[];
}

function compare(entries: readonly Entry[], find: (id: string) => Entry | undefined): Comparison {
  const fresh = new Map<string, Entry>();
  const unchanged: string[] = [];
  const taken: SkippedEntry[] = [];
  for (const entry of entries) {
    const there = fresh.get(entry.id) ?? find(entry.id);
    if (there === undefined) fresh.set(entry.id, entry);
    else if (sameEntry(there, entry)) unchanged.push(entry.id);
    else taken.push({ id: entry.id, reason: `another entry of this id is there already${inFile(there)}` });
  }
  return { fresh: [...fresh.values()], unchanged, taken };
}

function isEntryFile(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name);
}

function inFile({ source }: Entry): string {
  return source.kind === 'file' ? `, in ${source.file}:${source.line}` : '';
}

/** When SPIRE made it is no part of what it says: an output without that must not look like another entry. */
function sameEntry(one: Entry, other: Entry): boolean {
  return isDeepStrictEqual({ ...one, createdAt: other.createdAt }, other);
}
