import type { Entry } from './entry.js';

/** Up to so many entries are compared one by one; more are divided by a further selector. */
const MAX_LEAF = 8;

interface Branch {
  /** Entries all of whose selectors lie on the way here. */
  readonly here: Entry[];
  readonly further: Map<string, Branch | Entry[]>;
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
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const selector = rarest(entry, counts, used);
    if (selector === undefined) here.push(entry);
    else push(groups, selector, entry);
  }
  const further = new Map<string, Branch | Entry[]>(groups);
  for (const [selector, group] of groups) {
    if (group.length > MAX_LEAF) further.set(selector, divide(group, counts, [...used, selector]));
  }
  return { here, further };
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

function push(groups: Map<string, Entry[]>, selector: string, entry: Entry): void {
  const group = groups.get(selector);
  if (group === undefined) groups.set(selector, [entry]);
  else group.push(entry);
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
    if (Array.isArray(next))
      found.push(...next.filter((entry) => entry.selectors.every((each) => held.has(each))));
    else collect(next, selectors, held, found);
  }
}
