import type { MatchResult } from '../entries/entry.js';

/** Whether two results say the same to someone who is refused: which entries nearly held, and why not. */
export function sameMatches(one: MatchResult, other: MatchResult): boolean {
  return (
    one === other ||
    (one.matches.length === other.matches.length &&
      one.refused.length === other.refused.length &&
      one.refused.every(({ entry, reason }, index) => {
        const same = other.refused[index];
        return entry.id === same?.entry.id && reason === same.reason;
      }))
  );
}
