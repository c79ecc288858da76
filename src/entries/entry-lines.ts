import type { PositionedYaml, YamlPath } from '../encoding/positioned-yaml.js';
import { readScalar, readFlowList } from './plain-yaml.js';

const MAX_SHOWN = 80;
/** After so many lines the reader lets others work. */
const LINES_PER_SLICE = 4_000;
const KEY = /^([a-z][a-z0-9_]*):(?: +(.*))?$/;
const NOTHING = /^(?:#.*)?$/;

/** One item of the list: from names to one line of text or a list of such. */
type Item = Record<string, string | string[]>;

/**
 * On which lines things stand. Flat numbers, since a hundred thousand small objects more would cost as much as the reading:
 * for each key, in the order of its item's keys, a count and so many lines: one for each element of a list below its
 * key, a single one for everything else.
 */
interface Places {
  readonly flat: number[];
  /** By item: its own line, and where its keys begin in `flat`. */
  readonly items: { readonly lines: number[]; readonly starts: number[] };
}

/**
 * Reads the plain form in which entry files are written nearly always: a list `entries` of mappings from names to one
 * line of text or a list of such. A hundred times as fast as a full YAML parser, and with the same result.
 *
 * Yields:  now and then, so that a big file need not hold up everybody else.
 * Returns: the document, or the line at which it is not in that form; then a full parser has to say what it means.
 */
export function* readEntryLines(text: string): Generator<void, PositionedYaml | number> {
  const reader = new LineReader();
  let start = 0;
  for (let line = 1; start <= text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (!reader.take(text.slice(start, end), line)) return line;
    start = end + 1;
    if (line % LINES_PER_SLICE === 0) yield;
  }
  return reader.finish() ?? 1;
}

class LineReader {
  readonly #items: Item[] = [];
  readonly #places: Places = { flat: [], items: { lines: [], starts: [] } };
  #started = false;
  #entriesLine = 0;
  #emptyList = false;
  /** Spaces before `-` of an item, and before its keys; -1 before the first item. */
  #dash = -1;
  #indent = -1;
  /** A key whose list is on the lines that follow. */
  #open:
    { readonly key: string; readonly list: string[]; readonly lines: number[]; indent: number } | undefined;

  /** Returns: false when the line is beyond the plain form. */
  take(line: string, number: number): boolean {
    const indent = spacesBefore(line);
    const rest = indent === 0 ? line : line.slice(indent);
    if (NOTHING.test(rest)) return true;
    if (this.#entriesLine === 0) return this.#takeHead(rest, indent, number);
    if (this.#emptyList) return false;
    if (this.#open !== undefined && rest.startsWith('- ') && indent >= this.#indent) {
      return this.#takeElement(rest.slice(2).trimStart(), indent, number);
    }
    if (rest.startsWith('- ')) return this.#takeItem(rest, indent, number);
    return indent === this.#indent && this.#takeKey(rest, number);
  }

  finish(): PositionedYaml | undefined {
    const complete = this.#closeList() && (this.#emptyList || this.#items.length > 0);
    return complete ? positioned(this.#entriesLine, this.#items, this.#places) : undefined;
  }

  #takeHead(rest: string, indent: number, line: number): boolean {
    if (indent !== 0) return false;
    if (rest === '---' && !this.#started) return (this.#started = true);
    this.#emptyList = /^entries: +\[ *\](?: +#.*)?$/.test(rest);
    this.#entriesLine = line;
    return this.#emptyList || /^entries:(?: +#.*)?$/.test(rest.trimEnd());
  }

  #takeItem(rest: string, indent: number, line: number): boolean {
    if (!this.#closeList()) return false;
    const content = rest.slice(1).trimStart();
    const keyIndent = indent + rest.length - content.length;
    if (this.#dash === -1) this.#dash = indent;
    if (indent !== this.#dash) return false;
    this.#indent = keyIndent;
    this.#items.push({});
    this.#places.items.lines.push(line);
    this.#places.items.starts.push(this.#places.flat.length);
    return this.#takeKey(content, line);
  }

  #takeKey(rest: string, line: number): boolean {
    const item = this.#items.at(-1);
    const [, key, text = ''] = KEY.exec(rest) ?? [];
    if (item === undefined || key === undefined || !this.#closeList() || key in item) return false;
    if (NOTHING.test(text)) {
      this.#open = { key, list: [], lines: [], indent: -1 };
      return true;
    }
    const value = text.startsWith('[') ? readFlowList(text) : readScalar(text);
    if (value === undefined) return false;
    item[key] = value;
    this.#places.flat.push(1, line);
    return true;
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
    const item = this.#items.at(-1);
    if (open.list.length === 0 || item === undefined) return false;
    item[open.key] = open.list;
    this.#places.flat.push(open.lines.length, ...open.lines);
    this.#open = undefined;
    return true;
  }
}

function positioned(entriesLine: number, entries: readonly Item[], places: Places): PositionedYaml {
  const value = { entries };
  const lineOf = ([top, index, key, element]: YamlPath): number => {
    if (top !== 'entries') return entriesLine;
    const at = Number(index ?? 0);
    const own = places.items.lines[at] ?? entriesLine;
    const place = Object.keys(entries[at] ?? {}).indexOf(String(key));
    return place === -1 ? own : lineIn(places, at, place, Number(element ?? 0));
  };
  return { value, faults: [], lineOf, foundAt: (path) => shown(path.reduce(stepInto, value)) };
}

function lineIn({ flat, items }: Places, item: number, key: number, element: number): number {
  let at = items.starts[item] ?? 0;
  for (let passed = 0; passed < key; passed++) at += 1 + (flat[at] ?? 0);
  return flat[at + 1 + Math.min(element, (flat[at] ?? 1) - 1)] ?? 1;
}

function stepInto(value: unknown, step: string | number): unknown {
  return (value as Record<string | number, unknown> | undefined)?.[step];
}

function shown(found: unknown): string {
  if (found === undefined) return 'nothing';
  return typeof found === 'string' ? found.slice(0, MAX_SHOWN) : 'a list or mapping';
}

function spacesBefore(line: string): number {
  let count = 0;
  while (line.charCodeAt(count) === 32) count++;
  return count;
}
