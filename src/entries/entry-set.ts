import { finishAtOnce, forEachInSteps, type Steps } from '../core/steps.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { derive, type DescendantFacts } from './derive.js';
import { EntryIndex } from './entry-index.js';
import type { Entry, MatchResult } from './entry.js';
import { judge } from './match.js';
import { nearestOf, type NearEntry } from './nearest.js';

/** So many changes lie beside the big index before it is built anew: 0.2 s for 100,000 entries. */
const MAX_CHANGES = 1_000;

interface Layers {
  readonly base: EntryIndex;
  /** What was added or changed since `base` was built. */
  readonly newer: EntryIndex;
  /** Ids in `base` that are changed or gone. */
  readonly hidden: ReadonlySet<string>;
}

/** All entries at one time. Immutable; a changed set shares with the old one what did not change. */
export class EntrySet implements Iterable<Entry> {
  readonly size: number;
  /** The first end of an entry after the time at which the set was made. */
  readonly nextExpiry: Date | undefined;
  readonly #layers: Layers;
  readonly #trustDomain: TrustDomain;
  #sorted: readonly Entry[] | undefined;

  private constructor(layers: Layers, trustDomain: TrustDomain, now: Date) {
    const { base, newer, hidden } = layers;
    this.#layers = layers;
    this.#trustDomain = trustDomain;
    this.size = base.byId.size - hidden.size + newer.byId.size;
    this.nextExpiry = firstEnd([...base.ending.filter(({ id }) => !hidden.has(id)), ...newer.ending], now);
  }

  /** Takes: entries of different ids; `now`, only for `nextExpiry`. */
  static of(entries: readonly Entry[], trustDomain: TrustDomain, now = new Date(0)): EntrySet {
    return finishAtOnce(build(entries, (layers) => new EntrySet(layers, trustDomain, now)));
  }

  /** The set in which the entries of `removed` are gone and those of `added` are there, in place of any of their ids. */
  with(removed: readonly string[], added: readonly Entry[], now: Date): EntrySet {
    return finishAtOnce(this.changing(removed, added, now));
  }

  /** As `with`, for changes that may be many. */
  *changing(removed: readonly string[], added: readonly Entry[], now: Date): Steps<EntrySet> {
    const { base, newer, hidden } = this.#layers;
    const newest = new Map(newer.byId);
    const gone = new Set(hidden);
    const touch = (id: string): void => {
      newest.delete(id);
      if (base.byId.has(id)) gone.add(id);
    };
    yield* forEachInSteps(removed, touch);
    yield* forEachInSteps(added, (entry) => {
      touch(entry.id);
      newest.set(entry.id, entry);
    });
    const make = (layers: Layers): EntrySet => new EntrySet(layers, this.#trustDomain, now);
    if (newest.size + gone.size <= MAX_CHANGES) {
      return make({ base, newer: yield* EntryIndex.build(newest.values()), hidden: gone });
    }
    return yield* build(allOf(base, newest.values(), gone), make);
  }

  get(id: string): Entry | undefined {
    const { base, newer, hidden } = this.#layers;
    return newer.byId.get(id) ?? (hidden.has(id) ? undefined : base.byId.get(id));
  }

  /**
   * The entries that hold for a process with these selectors: those whose selectors it has all.
   *
   * Returns: in the order of ids. Of two with the same hint the older stays, of equally old ones the lower id.
   *          Entries that hold but cannot be used are listed with the reason.
   */
  match(selectors: readonly string[], now: Date): MatchResult {
    const { base, newer, hidden } = this.#layers;
    const found = base.find(selectors).filter(({ id }) => !hidden.has(id));
    const facts = { selectors, now, trustDomain: this.#trustDomain };
    return judge([...found, ...newer.find(selectors)].toSorted(byId), facts);
  }

  /** What a descendant of a launched process may be; the entries that hold for itself do not count. */
  matchDescendant(facts: DescendantFacts, now: Date): MatchResult {
    return derive(this.match(facts.parentSelectors, now), facts, this.#trustDomain);
  }

  /** Entries that hold in part, the nearest first, with what the process lacks. Looks at every entry: for people only. */
  nearest(selectors: readonly string[], limit: number): readonly NearEntry[] {
    return nearestOf(this.#all(), selectors, limit);
  }

  /** In the order of ids. */
  [Symbol.iterator](): Iterator<Entry> {
    this.#sorted ??= [...this.#all()].toSorted(byId);
    return this.#sorted[Symbol.iterator]();
  }

  #all(): Iterable<Entry> {
    const { base, newer, hidden } = this.#layers;
    return allOf(base, newer.byId.values(), hidden);
  }
}

/** A set whose entries are all in its big index. */
function* build(entries: Iterable<Entry>, make: (layers: Layers) => EntrySet): Steps<EntrySet> {
  const base = yield* EntryIndex.build(entries);
  return make({ base, newer: yield* EntryIndex.build([]), hidden: new Set() });
}

function* allOf(base: EntryIndex, newer: Iterable<Entry>, hidden: ReadonlySet<string>): Generator<Entry> {
  for (const entry of base.byId.values()) if (!hidden.has(entry.id)) yield entry;
  yield* newer;
}

function firstEnd(ending: readonly Entry[], now: Date): Date | undefined {
  let first: Date | undefined;
  for (const { expiresAt } of ending) {
    if (expiresAt !== undefined && expiresAt > now && (first === undefined || expiresAt < first))
      first = expiresAt;
  }
  return first;
}

function byId(one: Entry, other: Entry): number {
  return one.id < other.id ? -1 : 1;
}
