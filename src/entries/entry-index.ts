import { forEachInSteps, type Steps } from '../core/steps.js';
import type { Entry } from './entry.js';

/** Up to so many entries are compared one by one; more are divided by a further selector. */
const MAX_LEAF = 8;
const BRANCHES_PER_STEP = 50;

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

  private constructor(byId: ReadonlyMap<string, Entry>, ending: readonly Entry[], root: Branch) {
    this.byId = byId;
    this.ending = ending;
    this.#root = root;
  }

  /** Takes: entries of different ids. */
  static *build(entries: Iterable<Entry>): Steps<EntryIndex> {
    const byId = new Map<string, Entry>();
    const ending: Entry[] = [];
    const counts = new Map<string, number>();
    yield* forEachInSteps(entries, (entry) => {
      byId.set(entry.id, entry);
      if (entry.expiresAt !== undefined) ending.push(entry);
      for (const selector of entry.selectors) counts.set(selector, (counts.get(selector) ?? 0) + 1);
    });
    return new EntryIndex(byId, ending, yield* divide(byId.values(), counts, []));
  }

  /** In no particular order. */
  find(selectors: readonly string[]): Entry[] {
    const found: Entry[] = [];
    collect(this.#root, selectors, new Set(selectors), found);
    return found;
  }
}

function* divide(
  entries: Iterable<Entry>,
  counts: ReadonlyMap<string, number>,
  used: readonly string[],
): Steps<Branch> {
  const here: Entry[] = [];
  const further = new Map<string, Hanging>();
  const crowded = new Map<string, Entry[]>();
  yield* forEachInSteps(entries, (entry) => {
    const selector = rarest(entry, counts, used);
    if (selector === undefined) here.push(entry);
    else hang(further, selector, entry, crowded);
  });
  for (const [at, [selector, group]] of [...crowded].entries()) {
    further.set(selector, yield* divide(group, counts, [...used, selector]));
    if (at % BRANCHES_PER_STEP === 0) yield;
  }
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
