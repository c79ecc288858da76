import type { z } from 'zod';
import type { PositionedYaml, YamlPath } from '../encoding/positioned-yaml.js';
import { entryOf } from './entry-draft.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** One fault of an entry file. */
export interface EntryProblem {
  /** The full path. */
  readonly file: string;
  readonly line: number;
  /** Where in the document, e.g. `entries[3].selectors[0]`; empty for the document itself. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

type Places = Pick<PositionedYaml, 'lineOf' | 'foundAt'>;

/** A file has no time of making that survives a copy: its entries count as older than all that were set by command. */
const CREATED_AT = new Date(0);

/** Makes entries of a file's items, and problems of what is wrong with them. */
export class EntryItems {
  readonly entries: Entry[] = [];
  readonly problems: EntryProblem[] = [];
  readonly #file: string;
  readonly #schemas: EntrySchemas;

  constructor(file: string, schemas: EntrySchemas) {
    this.#file = file;
    this.#schemas = schemas;
  }

  take(item: unknown, index: number, places: Places): void {
    const path = ['entries', index];
    const outcome = this.#schemas.item.safeParse(item);
    if (outcome.success) {
      const source = { kind: 'file', file: this.#file, line: places.lineOf(path) } as const;
      this.entries.push(entryOf(outcome.data, source, CREATED_AT));
    } else for (const issue of outcome.error.issues) this.#takeIssue(issue, path, places);
  }

  addProblem(line: number, path: YamlPath, found: string, allowed: string): void {
    this.problems.push({ file: this.#file, line, path: pathText(path), found, allowed });
  }

  #takeIssue(issue: z.core.$ZodIssue, item: YamlPath, places: Places): void {
    const path = [...item, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
    if (issue.code !== 'unrecognized_keys') {
      this.addProblem(places.lineOf(path), path, places.foundAt(path), issue.message);
    } else {
      for (const key of issue.keys) {
        this.addProblem(places.lineOf([...path, key]), [...path, key], key, issue.message);
      }
    }
  }
}

function pathText(path: YamlPath): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return steps.join('').replace(/^\./, '');
}
