import { isAscii } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parsePositionedYaml, type PositionedYaml } from '../encoding/positioned-yaml.js';
import { EntryItems, type EntryProblem } from './entry-items.js';
import { readEntryLines } from './entry-lines.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

export interface EntryFile {
  readonly entries: readonly Entry[];
  readonly problems: readonly EntryProblem[];
}

/** A full YAML parser takes a second for so much, and nobody is served meanwhile; the plain form has no such bound. */
const MAX_FULL_YAML_BYTES = 2 * 1024 * 1024;
const A_LIST = 'a list `entries`, which may be []';

/**
 * Reads one entry file: every entry that is right, and every problem. Lets others work now and then.
 *
 * Source: the fields are listed in ITEM_FIELDS; decision 9 for what becomes of a file with problems.
 */
export async function readEntryFile(
  file: string,
  contents: Buffer,
  schemas: EntrySchemas,
): Promise<EntryFile> {
  const text = decode(contents);
  const items = new EntryItems(file, schemas);
  if (text === undefined) {
    items.addProblem(1, [], 'bytes that are not UTF-8', 'UTF-8');
    return items;
  }
  const line = await readPlain(text, items);
  if (line === undefined) return items;
  const anew = new EntryItems(file, schemas);
  if (contents.length <= MAX_FULL_YAML_BYTES) readFull(text, anew);
  else anew.addProblem(line, [], 'another form of YAML', plainForm());
  return anew;
}

/** Returns: undefined, or the line at which the text is not in plain form. */
async function readPlain(text: string, items: EntryItems): Promise<number | undefined> {
  const slices = readEntryLines(text);
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
    const slice = step.value;
    for (const [at, item] of slice.items.entries()) items.take(item, slice.first + at, slice);
    await nextTurn();
  }
}

function readFull(text: string, items: EntryItems): void {
  const document = parsePositionedYaml(text);
  for (const { line, message } of document.faults) items.addProblem(line, [], message, 'YAML');
  if (document.faults.length > 0) return;
  for (const [index, item] of entriesOf(document, items).entries()) items.take(item, index, document);
}

function entriesOf(document: PositionedYaml, items: EntryItems): readonly unknown[] {
  const { value } = document;
  if (typeof value !== 'object' || value === null) {
    items.addProblem(
      document.lineOf([]),
      [],
      value === null ? 'an empty file' : document.foundAt([]),
      A_LIST,
    );
    return [];
  }
  for (const key of Object.keys(value).filter((key) => key !== 'entries')) {
    items.addProblem(document.lineOf([key]), [key], key, '`entries` and nothing else');
  }
  const { entries } = value as { entries?: unknown };
  if (Array.isArray(entries)) return entries;
  items.addProblem(document.lineOf(['entries']), ['entries'], document.foundAt(['entries']), A_LIST);
  return [];
}

function plainForm(): string {
  return `a list of entries in plain form, since the file is over ${MAX_FULL_YAML_BYTES} bytes`;
}

/** Returns: undefined when it is not UTF-8. */
function decode(contents: Buffer): string | undefined {
  // One byte for each character, and nothing to decode: a tenth of the time.
  if (isAscii(contents)) return contents.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(contents);
  } catch {
    // The one thing that a fatal decoder throws for; the caller says so with the file's name.
    return undefined;
  }
}
