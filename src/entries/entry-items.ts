import { FileProblems, type Places } from '../state/file-problems.js';
import type { ItemFile } from '../state/item-files.js';
import { entryOf } from './entry-draft.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** A file has no time of making that survives a copy: its entries count as older than all that were set by command. */
const CREATED_AT = new Date(0);

/** Makes entries of a file's items, and problems of what is wrong with them. */
export class EntryItems {
  readonly entries: Entry[] = [];
  readonly problems: FileProblems;
  readonly #file: string;
  readonly #schemas: EntrySchemas;

  constructor(file: string, schemas: EntrySchemas) {
    this.#file = file;
    this.#schemas = schemas;
    this.problems = new FileProblems(file);
  }

  get file(): ItemFile<Entry> {
    return { items: this.entries, problems: this.problems.all };
  }

  take(item: unknown, index: number, places: Places): void {
    const path = ['entries', index];
    const outcome = this.#schemas.item.safeParse(item);
    if (outcome.success) {
      const source = { kind: 'file', file: this.#file, line: places.lineOf(path) } as const;
      this.entries.push(entryOf(outcome.data, source, CREATED_AT));
    } else for (const issue of outcome.error.issues) this.problems.addIssue(issue, path, places);
  }
}
