import type { MatchResult } from '../entries/entry.js';
import type { EntrySet } from '../entries/entry-set.js';
import { entitlementOf } from '../instances/entitlement.js';
import { type Attestation, type Instance, nameOfAttestation } from '../instances/instance.js';
import type { WorldView } from './world.js';

/** Different attestations whose matches are kept; one more begins a new collection. */
const MAX_KEPT = 10_000;
const NOTHING: Matched = { result: { matches: [], refused: [] }, until: Infinity };

/** What an instance may be, and until when that holds if nothing else changes. */
export interface Matched {
  readonly result: MatchResult;
  /** Milliseconds since 1970: the first end of an entry that matches. */
  readonly until: number;
}

/** Finds the matches of instances; many instances are attested as the same, and share the same result. */
export class Matcher {
  readonly #world: WorldView;
  #entries: EntrySet | undefined;
  #byName = new Map<string, Matched>();
  #byAttestation = new WeakMap<Attestation, Matched>();

  constructor(world: WorldView) {
    this.#world = world;
  }

  /** Nothing for an instance that is lost or not attested yet. The same object while nothing changed. */
  match(instance: Instance, now: Date): Matched {
    const attestation = instance.attestation.current.value;
    if (attestation === undefined) return NOTHING;
    const { entries } = this.#world.current;
    if (entries !== this.#entries || this.#byName.size >= MAX_KEPT) this.#begin(entries);
    const known = this.#byAttestation.get(attestation);
    if (known !== undefined && now.getTime() < known.until) return known;
    const matched = this.#matchAnew(entries, attestation, now);
    this.#byAttestation.set(attestation, matched);
    return matched;
  }

  #matchAnew(entries: EntrySet, attestation: Attestation, now: Date): Matched {
    const name = nameOfAttestation(attestation);
    const known = this.#byName.get(name);
    if (known !== undefined && now.getTime() < known.until) return known;
    const result = entitlementOf(attestation, entries, now);
    const matched = { result, until: endOf(result) };
    this.#byName.set(name, matched);
    return matched;
  }

  #begin(entries: EntrySet): void {
    this.#entries = entries;
    this.#byName = new Map();
    this.#byAttestation = new WeakMap();
  }
}

function endOf({ matches }: MatchResult): number {
  return Math.min(...matches.map(({ entry }) => entry.expiresAt?.getTime() ?? Infinity), Infinity);
}
