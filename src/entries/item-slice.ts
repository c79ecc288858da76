import type { PositionedYaml, YamlPath } from '../encoding/positioned-yaml.js';

const MAX_SHOWN = 80;

/** One item of the list `entries`: from names to one line of text or a list of such. */
export type Item = Readonly<Record<string, string | readonly string[]>>;

/** Some of the items, which still know where in the document they stand; paths begin at the document's top. */
export interface ItemSlice extends Pick<PositionedYaml, 'lineOf' | 'foundAt'> {
  /** The index of the first of them. */
  readonly first: number;
  readonly items: readonly Item[];
}

/**
 * Gathers items as they are read, line by line.
 *
 * The lines are kept as flat numbers, since a hundred thousand small objects would cost as much as all the reading: for
 * each key, in the order of its item's keys, a count and so many lines: one for each element of a list below its key,
 * a single one for everything else.
 */
export class SliceWriter {
  readonly #first: number;
  readonly #items: Record<string, string | readonly string[]>[] = [];
  readonly #ownLines: number[] = [];
  /** Where the keys of an item begin in `#keyLines`. */
  readonly #starts: number[] = [];
  readonly #keyLines: number[] = [];

  constructor(first: number) {
    this.#first = first;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The item to which keys are added. */
  get last(): Item | undefined {
    return this.#items.at(-1);
  }

  addItem(line: number): void {
    this.#items.push({});
    this.#ownLines.push(line);
    this.#starts.push(this.#keyLines.length);
  }

  /** Takes: the line of the value, or of each of its elements. */
  addKey(key: string, value: string | readonly string[], lines: readonly number[]): void {
    const item = this.#items.at(-1);
    if (item === undefined) return;
    item[key] = value;
    this.#keyLines.push(lines.length, ...lines);
  }

  finish(): ItemSlice {
    const [first, items] = [this.#first, this.#items];
    const lineOf = ([, index, key, element]: YamlPath): number => {
      const at = Number(index) - first;
      const place = Object.keys(items[at] ?? {}).indexOf(String(key));
      return place === -1 ? (this.#ownLines[at] ?? 1) : this.#lineIn(at, place, Number(element ?? 0));
    };
    const foundAt = ([, index, ...path]: YamlPath): string => {
      return shown(path.reduce<unknown>(stepInto, items[Number(index) - first]));
    };
    return { first, items, lineOf, foundAt };
  }

  #lineIn(item: number, key: number, element: number): number {
    let at = this.#starts[item] ?? 0;
    for (let passed = 0; passed < key; passed++) at += 1 + (this.#keyLines[at] ?? 0);
    return this.#keyLines[at + 1 + Math.min(element, (this.#keyLines[at] ?? 1) - 1)] ?? 1;
  }
}

function stepInto(value: unknown, step: string | number): unknown {
  return (value as Record<string | number, unknown> | undefined)?.[step];
}

function shown(found: unknown): string {
  if (found === undefined) return 'nothing';
  return typeof found === 'string' ? found.slice(0, MAX_SHOWN) : 'a list or mapping';
}
