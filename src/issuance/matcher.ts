import type { MatchResult } from '../entries/entry.js';
import type { EntrySet } from '../entries/entry-set.js';
import { type Attestation, type Instance, nameOfSelectors } from '../instances/instance.js';
import type { WorldView } from './world.js';

/** Sets of selectors whose matches are kept; one more begins a new collection. */
const MAX_KEPT = 10_000;
const NOTHING: Matched = { result: { matches: [], refused: [] }, until: Infinity };

/** What an instance may be, and until when that holds if nothing else changes. */
export interface Matched {
  readonly result: MatchResult;
  /** Milliseconds since 1970: the first end of an entry that matches. */
  readonly until: number;
}

/** Finds the matches of instances; many instances have the same selectors, and share the same result. */
export class Matcher {
  readonly #world: WorldView;
  #entries: EntrySet | undefined;
  #bySelectors = new Map<string, Matched>();
  #byAttestation = new WeakMap<Attestation, Matched>();

  constructor(world: WorldView) {
    this.#world = world;
  }

  /** Nothing for an instance that is lost or not attested yet. The same object while nothing changed. */
  match(instance: Instance, now: Date): Matched {
    const attestation = instance.attestation.current.value;
    if (attestation === undefined) return NOTHING;
    const { entries } = this.#world.current;
    if (entries !== this.#entries || this.#bySelectors.size >= MAX_KEPT) this.#begin(entries);
    const known = this.#byAttestation.get(attestation);
    if (known !== undefined && now.getTime() < known.until) return known;
    const matched = this.#matchSelectors(entries, attestation.selectors, now);
    this.#byAttestation.set(attestation, matched);
    return matched;
  }

  #matchSelectors(entries: EntrySet, selectors: readonly string[], now: Date): Matched {
    const name = nameOfSelectors(selectors);
    const known = this.#bySelectors.get(name);
    if (known !== undefined && now.getTime() < known.until) return known;
    const result = entries.match(selectors, now);
    const matched = { result, until: endOf(result) };
    this.#bySelectors.set(name, matched);
    return matched;
  }

  #begin(entries: EntrySet): void {
    this.#entries = entries;
    this.#bySelectors = new Map();
    this.#byAttestation = new WeakMap();
  }
}

function endOf({ matches }: MatchResult): number {
  return Math.min(...matches.map(({ entry }) => entry.expiresAt?.getTime() ?? Infinity), Infinity);
}
