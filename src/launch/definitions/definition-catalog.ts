import type { Clock } from '../../core/clock.js';
import { SpoorError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Service } from '../../core/services.js';
import { SnapshotCell } from '../../core/snapshot.js';
import { Turns } from '../../core/turns.js';
import type { TrustDomain } from '../../spiffe/trust-domain.js';
import type { Database } from '../../state/database.js';
import type { FileProblem } from '../../state/file-problems.js';
import { ItemFiles, type FilesChange } from '../../state/item-files.js';
import { WatchedFolder } from '../../state/watched-folder.js';
import { checkDefinitionItem, readDefinitionFile } from './definition-file.js';
import { definitionReader, type ReadDefinition } from './definition-schema.js';
import { definitionNotFound, DefinitionSet } from './definition-set.js';
import { DefinitionStore } from './definition-store.js';
import type { LaunchDefinition } from './definition.js';

/** Of all files together, and of all that are set by command: far more than one machine has kinds of agents. */
const MAX_DEFINITIONS = 1_000;
const WORDS = {
  item: 'launch definition',
  items: 'launch definitions',
  key: 'name',
  aKey: 'a name',
} as const;

export interface DefinitionCatalogDeps {
  /** Where the files of definitions lie. */
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * All launch definitions: those of the files, which it follows, and those that were set by command, which it keeps. The one
 * writer of `definitions`.
 *
 * Source: decisions 4 and 6.
 */
export class DefinitionCatalog implements Service {
  readonly name = 'launch definitions';
  readonly definitions = new SnapshotCell(DefinitionSet.of([]));
  readonly #clock: Clock;
  readonly #read: ReadDefinition;
  readonly #folder: WatchedFolder;
  readonly #files: ItemFiles<LaunchDefinition>;
  readonly #store: DefinitionStore;
  readonly #turns = new Turns();

  private constructor(deps: DefinitionCatalogDeps) {
    this.#clock = deps.clock;
    this.#read = definitionReader(deps.trustDomain);
    this.#folder = new WatchedFolder({ ...deps, path: deps.folder, accepts: isDefinitionFile });
    this.#store = new DefinitionStore(deps.database);
    this.#files = new ItemFiles({
      ...deps,
      find: (name) => this.#get(name),
      keyOf: ({ name }) => name,
      read: async (path, contents) => readDefinitionFile(path, contents, this.#read),
      maxItems: MAX_DEFINITIONS,
      words: WORDS,
    });
  }

  /**
   * Loads files and store. Files with problems do not hinder it: `problems` and the log have them.
   *
   * Errors: STATE_UNUSABLE.
   */
  static async open(deps: DefinitionCatalogDeps): Promise<DefinitionCatalog> {
    const catalog = new DefinitionCatalog(deps);
    catalog.#publish([], catalog.#store.load());
    await catalog.#apply(await catalog.#files.open(await catalog.#folder.load()));
    return catalog;
  }

  /** Of the files as they stand now. While there are any, the last good files stay in force. */
  get problems(): readonly FileProblem[] {
    return this.#files.problems;
  }

  /** Follows the files. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const contents of this.#folder.changes(signal)) {
      await this.#turns.take(async () => this.#apply(await this.#files.take(contents)));
    }
  }

  /**
   * Takes a definition into the store.
   *
   * Takes:  `item`: as files have it.
   * Errors: ARGUMENT_INVALID, naming all faults; DEFINITION_EXISTS; STATE_UNUSABLE.
   */
  add(item: unknown): Promise<LaunchDefinition> {
    return this.#turns.take(() => {
      const text = checkDefinitionItem(item, this.#read);
      this.#demandRoom(text.name);
      const createdAt = this.#clock.now();
      this.#store.add(text, createdAt);
      const definition = { ...text, createdAt, source: { kind: 'store' } } as const;
      this.#publish([], [definition]);
      return definition;
    });
  }

  /** Errors: DEFINITION_NOT_FOUND; DEFINITION_READ_ONLY, naming the file; STATE_UNUSABLE. */
  delete(name: string): Promise<void> {
    return this.#turns.take(async () => {
      this.#demandStored(name);
      this.#store.delete(name);
      this.#publish([name], []);
      // A file may have waited for this name.
      await this.#apply(await this.#files.recheck());
    });
  }

  #get(name: string): LaunchDefinition | undefined {
    return this.definitions.current.value.get(name);
  }

  #demandRoom(name: string): void {
    const { value } = this.definitions.current;
    const there = value.get(name);
    if (there !== undefined) {
      const where = there.source.kind === 'file' ? `, in ${there.source.file}:${there.source.line}` : '';
      throw new SpoorError('DEFINITION_EXISTS', `a launch definition ${name} is there already${where}`);
    }
    const stored = [...value].filter(({ source }) => source.kind === 'store').length;
    if (stored < MAX_DEFINITIONS) return;
    throw new SpoorError(
      'ARGUMENT_INVALID',
      `there are ${stored} definitions set by command, and no more may be`,
    );
  }

  #demandStored(name: string): void {
    const definition = this.#get(name);
    if (definition === undefined) throw definitionNotFound(name);
    if (definition.source.kind === 'store') return;
    const { file, line } = definition.source;
    const message = `launch definition ${name} stands in ${file}:${line}`;
    throw new SpoorError('DEFINITION_READ_ONLY', message, { facts: { file, line } });
  }

  async #apply({ added, removed }: FilesChange<LaunchDefinition>): Promise<void> {
    if (added.length + removed.length > 0) this.#publish(removed, added);
    await this.#files.keep();
  }

  #publish(removed: readonly string[], added: readonly LaunchDefinition[]): void {
    this.definitions.set(this.definitions.current.value.with(removed, added));
  }
}

function isDefinitionFile(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name);
}
