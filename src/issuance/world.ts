import type { AuthoritySet } from '../authority/authority-set.js';
import type { SnapshotCell } from '../core/snapshot.js';
import type { EntrySet } from '../entries/entry-set.js';
import { Bundle } from '../spiffe/bundle.js';
import type { ForeignBundles } from './bundle-store.js';

/** All that views are made from, besides the instance and the time. The same object while nothing in it changed. */
export interface World {
  readonly entries: EntrySet;
  readonly authorities: AuthoritySet;
  readonly foreign: ForeignBundles;
  /** What is published for the own trust domain: its authorities, and what bundles.d adds. */
  readonly own: Bundle;
}

export interface WorldCells {
  readonly entries: SnapshotCell<EntrySet>;
  readonly authorities: SnapshotCell<AuthoritySet>;
  readonly foreign: SnapshotCell<ForeignBundles>;
}

/** Joins the three cells into one value. */
export class WorldView {
  readonly #cells: WorldCells;
  #current: World;

  constructor(cells: WorldCells) {
    this.#cells = cells;
    const [entries, authorities, foreign] = [
      cells.entries.current.value,
      cells.authorities.current.value,
      cells.foreign.current.value,
    ];
    this.#current = { entries, authorities, foreign, own: publishedBundle(authorities.bundle, foreign.own) };
  }

  get current(): World {
    const before = this.#current;
    const entries = this.#cells.entries.current.value;
    const authorities = this.#cells.authorities.current.value;
    const foreign = this.#cells.foreign.current.value;
    const changed =
      entries !== before.entries || authorities !== before.authorities || foreign !== before.foreign;
    if (changed) this.#current = { entries, authorities, foreign, own: this.#ownOf(authorities, foreign) };
    return this.#current;
  }

  #ownOf(authorities: AuthoritySet, foreign: ForeignBundles): Bundle {
    const before = this.#current;
    const same = authorities.bundle === before.authorities.bundle && foreign.own.equals(before.foreign.own);
    return same ? before.own : publishedBundle(authorities.bundle, foreign.own);
  }
}

/**
 * The own bundle as it is published: the authorities', with the keys that bundles.d adds to it.
 *
 * A kid of ours is never replaced from outside. With keys from outside the sequence number is left out: it would have
 * to grow with changes of theirs, too (Trust Domain and Bundle 4.1.1).
 */
export function publishedBundle(authorities: Bundle, more: Bundle): Bundle {
  const nothing = more.x509Authorities.length + more.jwtAuthorities.size + more.witAuthorities.size === 0;
  if (nothing) return authorities;
  const ours = new Set([...authorities.jwtAuthorities.keys(), ...authorities.witAuthorities.keys()]);
  const theirs = <T>(keys: ReadonlyMap<string, T>) => [...keys].filter(([kid]) => !ours.has(kid));
  return Bundle.of(authorities.trustDomain, {
    x509Authorities: [...authorities.x509Authorities, ...more.x509Authorities],
    jwtAuthorities: new Map([...authorities.jwtAuthorities, ...theirs(more.jwtAuthorities)]),
    witAuthorities: new Map([...authorities.witAuthorities, ...theirs(more.witAuthorities)]),
    refreshHintSeconds: authorities.refreshHintSeconds,
  });
}
