import { isAscii } from 'node:buffer';
import type { z } from 'zod';
import { parsePositionedYaml, type PositionedYaml, type YamlPath } from '../encoding/positioned-yaml.js';

/** One fault of a watched file. */
export interface FileProblem {
  /** The full path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Where in the document, e.g. `entries[3].selectors[0]`; empty for the document itself. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

/** Where in its document a value stands, and how it is written there. */
export type Places = Pick<PositionedYaml, 'lineOf' | 'foundAt'>;

/** Gathers all that is wrong with one file. */
export class FileProblems {
  readonly all: FileProblem[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  add(line: number, path: YamlPath, found: string, allowed: string): void {
    this.all.push({ file: this.#file, line, path: pathText(path), found, allowed });
  }

  /** Takes: `issue` of the value at `path`; its message says what is allowed. */
  addIssue(issue: z.core.$ZodIssue, path: YamlPath, places: Places): void {
    const whole = [...path, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
    if (issue.code !== 'unrecognized_keys') {
      this.add(places.lineOf(whole), whole, places.foundAt(whole), issue.message);
    } else {
      for (const key of issue.keys) {
        this.add(places.lineOf([...whole, key]), [...whole, key], key, issue.message);
      }
    }
  }
}

/** A place in a document, for people: `entries[3].selectors[0]`. */
export function pathText(path: YamlPath): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return steps.join('').replace(/^\./, '');
}

/** A document that has the one list `key`: its items, and the places to report their faults by. */
export interface ItemList {
  readonly items: readonly unknown[];
  readonly places: Places;
}

/** Reads a document that has one list and nothing else; all that is wrong with that goes to `problems`. */
export function readItemList(text: string, key: string, problems: FileProblems): ItemList {
  const document = parsePositionedYaml(text);
  for (const { line, message } of document.faults) problems.add(line, [], message, 'YAML');
  return { items: document.faults.length > 0 ? [] : itemsOf(document, key, problems), places: document };
}

function itemsOf(document: PositionedYaml, key: string, problems: FileProblems): readonly unknown[] {
  const { value } = document;
  const aList = `a list \`${key}\`, which may be []`;
  if (typeof value !== 'object' || value === null) {
    const found = value === null ? 'an empty file' : document.foundAt([]);
    problems.add(document.lineOf([]), [], found, aList);
    return [];
  }
  for (const other of Object.keys(value).filter((name) => name !== key)) {
    problems.add(document.lineOf([other]), [other], other, `\`${key}\` and nothing else`);
  }
  const items = (value as Readonly<Record<string, unknown>>)[key];
  if (Array.isArray(items)) return items;
  problems.add(document.lineOf([key]), [key], document.foundAt([key]), aList);
  return [];
}

/** Returns: undefined when it is not UTF-8. */
export function decodeUtf8(contents: Buffer): string | undefined {
  // One byte for each character, and nothing to decode: a tenth of the time.
  if (isAscii(contents)) return contents.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(contents);
  } catch {
    // The one thing that a fatal decoder throws for; the caller says so with the file's name.
    return undefined;
  }
}
