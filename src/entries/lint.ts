import type { Entry } from './entry.js';

/** Sentences for people about what an entry rests on; none when it rests on evidence. */
export function entryWarnings(_entry: Entry): readonly string[] {
  return [];
}
