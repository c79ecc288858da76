/** What became of each entry of an import. */
export interface ImportResult {
  /** Ids of entries that are new. */
  readonly added: readonly string[];
  /** Ids of entries that were in the store already, just so. */
  readonly unchanged: readonly string[];
  readonly skipped: readonly SkippedEntry[];
}

/** One entry that was left out, and why, for people. */
export interface SkippedEntry {
  readonly id: string;
  readonly reason: string;
}
