import type { Entry } from './entry.js';

/** An entry that holds in part, and the selectors that the process lacks for it. */
export interface NearEntry {
  readonly entry: Entry;
  readonly missing: readonly string[];
}

/**
 * The entries that come nearest to holding: fewest selectors missing, then most of them there, then by id. Those of which
 * nothing is there, or nothing is missing, are not near.
 */
export function nearestOf(
  entries: Iterable<Entry>,
  selectors: readonly string[],
  limit: number,
): readonly NearEntry[] {
  const held = new Set(selectors);
  let near: NearEntry[] = [];
  for (const entry of entries) {
    const missing = entry.selectors.filter((selector) => !held.has(selector));
    if (missing.length === 0 || missing.length === entry.selectors.length) continue;
    near.push({ entry, missing });
    if (near.length >= limit + 1_000) near = nearestFirst(near).slice(0, limit);
  }
  return nearestFirst(near).slice(0, limit);
}

function nearestFirst(near: readonly NearEntry[]): NearEntry[] {
  return near.toSorted(
    (one, other) =>
      one.missing.length - other.missing.length ||
      other.entry.selectors.length - one.entry.selectors.length ||
      (one.entry.id < other.entry.id ? -1 : 1),
  );
}
