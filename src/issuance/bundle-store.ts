import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import { Bundle, BundleSet } from '../spiffe/bundle.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';

/** The bundles that came from outside, as they stand now. */
export interface ForeignBundles {
  /** Of the federated trust domains. */
  readonly bundles: BundleSet;
  /** More keys of the own trust domain: published beside ours, never signing. */
  readonly own: Bundle;
}

export type BundleFormat = 'spiffe' | 'pem';

/** One bundle for a list. */
export interface BundleListing {
  readonly trustDomain: TrustDomain;
  readonly source: 'file' | 'store';
  /** The full path; for those of a file. */
  readonly file?: string;
  readonly sequence?: bigint;
  readonly refreshHintSeconds?: number;
  readonly keys: { readonly x509: number; readonly jwt: number; readonly wit: number };
}

/** A file of the folder that is not in force as it stands, and why. */
export interface BundleProblem {
  readonly file: string;
  readonly message: string;
}

export interface BundleStoreDeps {
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The bundles that came from outside: watched files and those that were set by command. The one writer of `foreign`. */
export class BundleStore implements Service {
  readonly name = 'bundles';
  readonly foreign: SnapshotCell<ForeignBundles>;

  private constructor(deps: BundleStoreDeps) {
    this.foreign = new SnapshotCell<ForeignBundles>({
      bundles: BundleSet.of([]),
      own: Bundle.of(deps.trustDomain, {}),
    });
  }

  static async open(deps: BundleStoreDeps): Promise<BundleStore> {
    return new BundleStore(deps);
  }

  get problems(): readonly BundleProblem[] {
    return [];
  }

  async run(_signal: AbortSignal): Promise<void> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  async set(_trustDomain: TrustDomain, _document: string, _format: BundleFormat): Promise<void> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  async delete(_trustDomain: TrustDomain): Promise<void> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  list(): readonly BundleListing[] {
    return [];
  }
}
