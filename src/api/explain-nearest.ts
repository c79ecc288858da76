import type { EntrySet } from '../entries/entry-set.js';
import type { Entry } from '../entries/entry.js';
import type { Attested } from '../instances/instance.js';
import type { NearEntry } from '../wire/explain.js';

/** Nearest entries that are named: enough to see the one that was meant. */
const MAX_NEAREST = 3;
/** What an entry must say before a descendant gets anything by it. */
const DERIVE = 'descendants: derive';

/**
 * The entries that come nearest to a process for which none holds, with what each lacks. To the descendant of a launched
 * process, those of the launched one come nearest.
 */
export function nearestTo(attested: Attested, entries: EntrySet, now: Date): readonly NearEntry[] {
  const { selectors, descent } = attested;
  if (descent === undefined) return nearest(entries, selectors);
  const { matches } = entries.match(descent.parentSelectors, now);
  const denying = matches.map(({ entry }) => entry).filter(givesNothing);
  if (denying.length > 0) return denying.slice(0, MAX_NEAREST).map((entry) => near(entry, [DERIVE]));
  return nearest(entries, descent.parentSelectors).map(({ id, missing, ...rest }) => {
    const entry = entries.get(id);
    return { ...rest, id, missing: entry && givesNothing(entry) ? [...missing, DERIVE] : missing };
  });
}

function nearest(entries: EntrySet, selectors: readonly string[]): readonly NearEntry[] {
  return entries
    .nearest(selectors, MAX_NEAREST)
    .filter(({ missing }) => missing.length > 0)
    .map(({ entry, missing }) => near(entry, missing));
}

function near(entry: Entry, missing: readonly string[]): NearEntry {
  return { id: entry.id, spiffe_id: entry.spiffeId, missing };
}

function givesNothing({ descendants }: Entry): boolean {
  return descendants === undefined;
}
