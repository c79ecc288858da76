import { SpoorError } from '../core/errors.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { Entry, MatchResult } from './entry.js';

/** An entry that nearly holds, and the selectors that the process lacks for it. */
export interface NearEntry {
  readonly entry: Entry;
  readonly missing: readonly string[];
}

export class EntrySet implements Iterable<Entry> {
  readonly size: number;
  /** The earliest end of an entry after the time at which the set was made. */
  readonly nextExpiry: Date | undefined;

  private constructor() {
    this.size = 0;
    this.nextExpiry = undefined;
  }

  static of(_entries: readonly Entry[], _trustDomain: TrustDomain, _now?: Date): EntrySet {
    return new EntrySet();
  }

  get(_id: string): Entry | undefined {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  match(_selectors: readonly string[], _now: Date): MatchResult {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  nearest(_selectors: readonly string[], _limit: number): readonly NearEntry[] {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  [Symbol.iterator](): Iterator<Entry> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }
}
