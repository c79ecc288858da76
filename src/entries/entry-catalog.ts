import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';
import type { EntryDraft } from './entry-draft.js';
import type { Entry } from './entry.js';
import { EntrySet } from './entry-set.js';
import type { ImportResult } from './spire-import.js';

export interface EntryProblem {
  readonly file: string;
  readonly line: number;
  /** Where in the file, e.g. `entries[3].selectors[0]`. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

export interface EntryCatalogDeps {
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
  readonly log: Logger;
}

/** All entries: those of the files and those that were set by command. The one writer of `entries`. */
export class EntryCatalog implements Service {
  readonly name = 'entries';
  readonly entries: SnapshotCell<EntrySet>;

  private constructor(deps: EntryCatalogDeps) {
    this.entries = new SnapshotCell(EntrySet.of([], deps.trustDomain));
  }

  static async open(deps: EntryCatalogDeps): Promise<EntryCatalog> {
    return new EntryCatalog(deps);
  }

  get problems(): readonly EntryProblem[] {
    return [];
  }

  async run(_signal: AbortSignal): Promise<void> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  async add(_draft: EntryDraft): Promise<Entry> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  async update(_id: string, _change: Partial<EntryDraft>): Promise<Entry> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  async delete(_id: string): Promise<void> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  async import(_spireJson: string): Promise<ImportResult> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }
}
