import { SliceWriter, type ItemSlice } from './item-slice.js';
import { readFlowList, readScalar } from './plain-yaml.js';

/** About 5 ms with the checks of what was read; then others are let work. */
const ITEMS_PER_SLICE = 500;
const KEY = /^[a-z][a-z0-9_]*$/;
/** Tabs, carriage returns, letters beyond ASCII: outside of comments they are not for us. */
const STRANGE = /[^ -~]/;
const NOTHING = /^(?:#.*)?$/;

/**
 * Reads the plain form in which entry files are written nearly always: a list `entries` of mappings from names to one
 * line of text or a list of such. A hundred times as fast as a full YAML parser, and with the same result.
 *
 * Yields:  the items, some at a time.
 * Returns: undefined, or the line at which the text is not in that form: then what was yielded does not count, and a full
 *          parser has to say what it means.
 */
export function* readEntryLines(text: string): Generator<ItemSlice, number | undefined> {
  const reader = new LineReader();
  let start = 0;
  for (let line = 1; start <= text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (!reader.take(text.slice(start, end), line)) return line;
    const slice = reader.takeSlice();
    if (slice !== undefined) yield slice;
    start = end + 1;
  }
  const rest = reader.finish();
  if (rest === undefined) return 1;
  yield rest;
  return undefined;
}

/** A key whose list is on the lines that follow. */
interface OpenList {
  readonly key: string;
  readonly list: string[];
  readonly lines: number[];
  /** Spaces before its dashes; -1 before the first of them. */
  indent: number;
}

class LineReader {
  /** Each name once, however often it stands in the text. */
  readonly #names = new Map<string, string>();
  #writer = new SliceWriter(0);
  #count = 0;
  #full: ItemSlice | undefined;
  #started = false;
  #inEntries = false;
  #emptyList = false;
  /** Spaces before `-` of an item, and before its keys; -1 before the first item. */
  #dash = -1;
  #indent = -1;
  #open: OpenList | undefined;

  /** Returns: false when the line is beyond the plain form. */
  take(line: string, number: number): boolean {
    const indent = spacesBefore(line);
    const rest = indent === 0 ? line : line.slice(indent);
    if (NOTHING.test(rest)) return true;
    if (STRANGE.test(rest)) return false;
    if (!this.#inEntries) return indent === 0 && this.#takeHead(rest);
    if (this.#emptyList) return false;
    if (!rest.startsWith('- ')) return indent === this.#indent && this.#takeKey(rest, number);
    if (this.#open !== undefined && indent >= this.#indent) {
      return this.#takeElement(rest.slice(2).trimStart(), indent, number);
    }
    return this.#takeItem(rest, indent, number);
  }

  /** The items that are complete by now, if they are enough for a slice. */
  takeSlice(): ItemSlice | undefined {
    const slice = this.#full;
    this.#full = undefined;
    return slice;
  }

  /** Returns: the last items; undefined when the text ends where it must not. */
  finish(): ItemSlice | undefined {
    return this.#closeList() && (this.#emptyList || this.#count > 0) ? this.#writer.finish() : undefined;
  }

  #takeHead(rest: string): boolean {
    if (rest === '---' && !this.#started) return (this.#started = true);
    this.#emptyList = /^entries: +\[ *\](?: +#.*)?$/.test(rest);
    this.#inEntries = this.#emptyList || /^entries:(?: +#.*)?$/.test(rest.trimEnd());
    return this.#inEntries;
  }

  #takeItem(rest: string, indent: number, line: number): boolean {
    if (!this.#closeList() || (this.#dash !== -1 && indent !== this.#dash)) return false;
    if (this.#writer.size === ITEMS_PER_SLICE) {
      this.#full = this.#writer.finish();
      this.#writer = new SliceWriter(this.#count);
    }
    const content = rest.slice(1).trimStart();
    this.#dash = indent;
    this.#indent = indent + rest.length - content.length;
    this.#count += 1;
    this.#writer.addItem(line);
    return this.#takeKey(content, line);
  }

  #takeKey(rest: string, line: number): boolean {
    const end = rest.indexOf(':');
    const key = this.#nameOf(rest.slice(0, Math.max(0, end)));
    const text = rest.slice(end + 1);
    if (key === undefined || !this.#closeList() || key in (this.#writer.last ?? {})) return false;
    const value = text.trimStart();
    if (NOTHING.test(value)) {
      this.#open = { key, list: [], lines: [], indent: -1 };
      return value === '' || text.startsWith(' ');
    }
    const read = value.startsWith('[') ? readFlowList(value) : readScalar(value);
    if (read === undefined || !text.startsWith(' ')) return false;
    this.#writer.addKey(key, read, [line]);
    return true;
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || !KEY.test(text)) return known;
    this.#names.set(text, text);
    return text;
  }

  #takeElement(text: string, indent: number, line: number): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    if (open.indent === -1) open.indent = indent;
    const value = readScalar(text);
    if (open.indent !== indent || value === undefined) return false;
    open.list.push(value);
    open.lines.push(line);
    return true;
  }

  #closeList(): boolean {
    const open = this.#open;
    if (open === undefined) return true;
    if (open.list.length === 0) return false;
    this.#writer.addKey(open.key, open.list, open.lines);
    this.#open = undefined;
    return true;
  }
}

function spacesBefore(line: string): number {
  let count = 0;
  while (line.charCodeAt(count) === 32) count++;
  return count;
}
