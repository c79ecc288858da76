import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeUtf8, readItemList } from '../state/file-problems.js';
import type { ItemFile } from '../state/item-files.js';
import { EntryItems } from './entry-items.js';
import { readEntryLines } from './entry-lines.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** A full YAML parser takes a second for so much, and nobody is served meanwhile; the plain form has no such bound. */
const MAX_FULL_YAML_BYTES = 2 * 1024 * 1024;

/**
 * Reads one entry file: every entry that is right, and every problem. Lets others work now and then.
 *
 * Source: the fields are listed in ITEM_FIELDS; decision 9 for what becomes of a file with problems.
 */
export async function readEntryFile(
  file: string,
  contents: Buffer,
  schemas: EntrySchemas,
): Promise<ItemFile<Entry>> {
  const text = decodeUtf8(contents);
  const items = new EntryItems(file, schemas);
  if (text === undefined) {
    items.problems.add(1, [], 'bytes that are not UTF-8', 'UTF-8');
    return items.file;
  }
  const line = await readPlain(text, items);
  if (line === undefined) return items.file;
  const anew = new EntryItems(file, schemas);
  if (contents.length <= MAX_FULL_YAML_BYTES) readFull(text, anew);
  else anew.problems.add(line, [], 'another form of YAML', plainForm());
  return anew.file;
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

function readFull(text: string, into: EntryItems): void {
  const { items, places } = readItemList(text, 'entries', into.problems);
  for (const [index, item] of items.entries()) into.take(item, index, places);
}

function plainForm(): string {
  return `a list of entries in plain form, since the file is over ${MAX_FULL_YAML_BYTES} bytes`;
}
