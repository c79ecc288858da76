import { basename } from 'node:path';
import type { EntrySet } from '../entries/entry-set.js';
import type { MatchResult } from '../entries/entry.js';
import type { Attested } from './instance.js';

/**
 * What a process may be: everybody who matches a process with entries asks here.
 *
 * The descendant of a launched process is none of what its own selectors would make it, not even by its uid alone:
 * only the entries of the launched process count, and only those that say so.
 *
 * Source: decision 5.
 */
export function entitlementOf(attested: Attested, entries: EntrySet, now: Date): MatchResult {
  const { selectors, path, descent } = attested;
  if (descent === undefined) return entries.match(selectors, now);
  const executable = path === undefined ? undefined : basename(path);
  return entries.matchDescendant({ selectors, executable, parentSelectors: descent.parentSelectors }, now);
}
