import type { SpiffeId } from '../spiffe/spiffe-id.js';

/** Where an entry is kept, and so where it is changed. */
export type EntrySource =
  { readonly kind: 'file'; readonly file: string; readonly line: number } | { readonly kind: 'store' };

/** What a process may be: the SPIFFE ID that it gets when all selectors hold for it. */
export interface Entry {
  readonly id: string;
  /** A SPIFFE ID, or a template over selectors: `spiffe://example.org/agent/{unix.user}`. */
  readonly spiffeId: string;
  /** Sorted, without duplicates, at least one; `attestor:name:value`. */
  readonly selectors: readonly string[];
  readonly x509SvidTtlSeconds?: number;
  readonly jwtSvidTtlSeconds?: number;
  readonly witSvidTtlSeconds?: number;
  readonly dnsNames: readonly string[];
  /** Empty when there is none. At most 1,024 bytes (Workload API section 8). */
  readonly hint: string;
  /** Names of trust domains whose bundles go along. */
  readonly federatesWith: readonly string[];
  readonly expiresAt?: Date;
  /** What the descendants of a launched process get: undefined nothing, `derive` or a template. Source: decision 5. */
  readonly descendants?: string;
  readonly createdAt: Date;
  readonly source: EntrySource;
}

/** One entry that holds for a process, with its template filled in. */
export interface Match {
  readonly entry: Entry;
  readonly spiffeId: SpiffeId;
}

/** One entry whose selectors hold but which cannot be used, and why, for people. */
export interface RefusedMatch {
  readonly entry: Entry;
  readonly reason: string;
}

export interface MatchResult {
  /** In the order of entry ids, so that the default identity is stable; hints are unique. */
  readonly matches: readonly Match[];
  readonly refused: readonly RefusedMatch[];
}
