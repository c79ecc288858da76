import type { Entry } from './entry.js';

/** Up to so many entries are compared one by one; more are divided by a further selector. */
const MAX_LEAF = 8;

/** What hangs at a selector: mostly one entry, or a few, or a further division. */
type Hanging = Entry | Entry[] | Branch;

interface Branch {
  /** Entries all of whose selectors lie on the way here. */
  readonly here: Entry[];
  readonly further: Map<string, Hanging>;
}

/**
 * Finds the entries whose selectors are a subset of a process's. Every entry hangs at its rarest selector, crowded
 * places at the next rarest below it: so a look-up touches little more than what it finds, however many entries there are.
 */
export class EntryIndex {
  readonly byId: ReadonlyMap<string, Entry>;
  /** Those that end some day. */
  readonly ending: readonly Entry[];
  readonly #root: Branch;

  constructor(entries: readonly Entry[]) {
    this.byId = new Map(entries.map((entry) => [entry.id, entry]));
    this.ending = entries.filter(({ expiresAt }) => expiresAt !== undefined);
    this.#root = divide(entries, countSelectors(entries), []);
  }

  /** In no particular order. */
  find(selectors: readonly string[]): Entry[] {
    const found: Entry[] = [];
    collect(this.#root, selectors, new Set(selectors), found);
    return found;
  }
}

function countSelectors(entries: readonly Entry[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { selectors } of entries) {
    for (const selector of selectors) counts.set(selector, (counts.get(selector) ?? 0) + 1);
  }
  return counts;
}

function divide(
  entries: readonly Entry[],
  counts: ReadonlyMap<string, number>,
  used: readonly string[],
): Branch {
  const here: Entry[] = [];
  const further = new Map<string, Hanging>();
  const crowded = new Map<string, Entry[]>();
  for (const entry of entries) {
    const selector = rarest(entry, counts, used);
    if (selector === undefined) here.push(entry);
    else hang(further, selector, entry, crowded);
  }
  for (const [selector, group] of crowded) further.set(selector, divide(group, counts, [...used, selector]));
  return { here, further };
}

function hang(
  further: Map<string, Hanging>,
  selector: string,
  entry: Entry,
  crowded: Map<string, Entry[]>,
): void {
  const there = further.get(selector) as Entry | Entry[] | undefined;
  if (there === undefined) further.set(selector, entry);
  else if (!Array.isArray(there)) further.set(selector, [there, entry]);
  else if (there.push(entry) === MAX_LEAF + 1) crowded.set(selector, there);
}

function rarest(
  { selectors }: Entry,
  counts: ReadonlyMap<string, number>,
  used: readonly string[],
): string | undefined {
  let best: string | undefined;
  let fewest = Infinity;
  for (const selector of selectors) {
    const count = counts.get(selector) ?? 0;
    if (count >= fewest || used.includes(selector)) continue;
    fewest = count;
    best = selector;
  }
  return best;
}

function collect(
  branch: Branch,
  selectors: readonly string[],
  held: ReadonlySet<string>,
  found: Entry[],
): void {
  found.push(...branch.here);
  if (branch.further.size === 0) return;
  for (const selector of selectors) {
    const next = branch.further.get(selector);
    if (next === undefined) continue;
    if ('further' in next) collect(next, selectors, held, found);
    else found.push(...[next].flat().filter((entry) => entry.selectors.every((each) => held.has(each))));
  }
}
