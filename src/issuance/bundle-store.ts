import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import { Bundle, BundleSet } from '../spiffe/bundle.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';
import { WatchedFolder } from '../state/watched-folder.js';
import { BundleFiles, type BundleProblem } from './bundle-files.js';
import { receiveBundle, type BundleFormat } from './received-bundle.js';

export type { BundleProblem } from './bundle-files.js';
export type { BundleFormat } from './received-bundle.js';

/** The bundles that came from outside, as they stand now. */
export interface ForeignBundles {
  /** Of the federated trust domains. */
  readonly bundles: BundleSet;
  /** More keys of the own trust domain: published beside ours, never signing. */
  readonly own: Bundle;
}

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

export interface BundleStoreDeps {
  /** Where the bundle files lie. */
  readonly folder: string;
  readonly database: Database;
  readonly trustDomain: TrustDomain;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Sourced {
  readonly bundle: Bundle;
  readonly file?: string;
}

/**
 * The bundles that came from outside: those of files, which it follows, and those that were set by command, which it
 * keeps. Where both name a trust domain the file counts. The one writer of `foreign`.
 *
 * Source: Federation sections 4.2 and 5.1: bundles of different trust domains are never merged; decision 9.
 */
export class BundleStore implements Service {
  readonly name = 'bundles';
  readonly foreign: SnapshotCell<ForeignBundles>;
  readonly #deps: BundleStoreDeps;
  readonly #folder: WatchedFolder;
  readonly #files: BundleFiles;
  readonly #stored = new Map<string, Bundle>();

  private constructor(deps: BundleStoreDeps) {
    this.#deps = deps;
    this.#folder = new WatchedFolder({
      ...deps,
      path: deps.folder,
      accepts: (name) => BundleFiles.accepts(name),
    });
    this.#files = new BundleFiles(deps);
    const nothing = { bundles: BundleSet.of([]), own: Bundle.of(deps.trustDomain) };
    this.foreign = new SnapshotCell<ForeignBundles>(nothing);
  }

  /**
   * Loads files and store. Files that are wrong do not hinder it: `problems` and the log have them.
   *
   * Errors: STATE_UNUSABLE.
   */
  static async open(deps: BundleStoreDeps): Promise<BundleStore> {
    const store = new BundleStore(deps);
    store.#load();
    await store.#files.open(await store.#folder.load());
    store.#publish();
    await store.#files.keep();
    return store;
  }

  /** Of the files as they stand now; the last good contents of each stays in force. */
  get problems(): readonly BundleProblem[] {
    return this.#files.problems;
  }

  /** Follows the files. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const contents of this.#folder.changes(signal)) {
      this.#files.take(contents);
      this.#publish();
      await this.#files.keep();
    }
  }

  /** Errors: BUNDLE_INVALID, as `receiveBundle`; BUNDLE_READ_ONLY, naming the file; STATE_UNUSABLE. */
  async set(trustDomain: TrustDomain, document: string, format: BundleFormat): Promise<void> {
    this.#refuseFile(trustDomain);
    const bundle = receiveBundle(trustDomain, document, format, this.#stored.get(trustDomain.name));
    const sql = 'INSERT OR REPLACE INTO bundles (trust_domain, format, document) VALUES (?, ?, ?)';
    this.#deps.database.run(sql, trustDomain.name, format, document);
    this.#stored.set(trustDomain.name, bundle);
    this.#publish();
  }

  /** Errors: BUNDLE_NOT_FOUND; BUNDLE_READ_ONLY, naming the file; STATE_UNUSABLE. */
  async delete(trustDomain: TrustDomain): Promise<void> {
    this.#refuseFile(trustDomain);
    if (!this.#stored.has(trustDomain.name)) {
      throw new SpoorError('BUNDLE_NOT_FOUND', `there is no bundle of ${trustDomain.name}`);
    }
    this.#deps.database.run('DELETE FROM bundles WHERE trust_domain = ?', trustDomain.name);
    this.#stored.delete(trustDomain.name);
    this.#publish();
  }

  /** By the name of the trust domain; more keys of the own one are listed too. */
  list(): readonly BundleListing[] {
    return this.#all()
      .map(listingOf)
      .toSorted((one, other) => (one.trustDomain.name < other.trustDomain.name ? -1 : 1));
  }

  #load(): void {
    for (const row of this.#deps.database.all('SELECT trust_domain, format, document FROM bundles')) {
      const name = String(row['trust_domain']);
      try {
        const format = row['format'] === 'pem' ? 'pem' : 'spiffe';
        const document = String(row['document']);
        this.#stored.set(name, receiveBundle(TrustDomain.parse(name), document, format, undefined));
      } catch (error) {
        // An earlier Spoor took it. Without it that trust domain is not trusted, which is no reason to serve nobody.
        this.#deps.log.error('a stored bundle cannot be read; set it again', { trustDomain: name, error });
      }
    }
  }

  #refuseFile({ name }: TrustDomain): void {
    const fromFile = this.#files.bundles.find(({ bundle }) => bundle.trustDomain.name === name);
    if (fromFile === undefined) return;
    const { file } = fromFile;
    throw new SpoorError('BUNDLE_READ_ONLY', `the bundle of ${name} stands in ${file}`, { facts: { file } });
  }

  #all(): readonly Sourced[] {
    const files = new Map(this.#files.bundles.map((each) => [each.bundle.trustDomain.name, each]));
    const stored = [...this.#stored].filter(([name]) => !files.has(name)).map(([, bundle]) => ({ bundle }));
    return [...files.values(), ...stored];
  }

  #publish(): void {
    const { trustDomain } = this.#deps;
    const all = this.#all().map(({ bundle }) => bundle);
    const own = all.find((bundle) => bundle.trustDomain.equals(trustDomain)) ?? Bundle.of(trustDomain);
    const bundles = BundleSet.of(all.filter((bundle) => !bundle.trustDomain.equals(trustDomain)));
    const before = this.foreign.current.value;
    if (!before.own.equals(own) || !sameBundles(before.bundles, bundles)) this.foreign.set({ bundles, own });
  }
}

function listingOf({ bundle, file }: Sourced): BundleListing {
  const { trustDomain, sequenceNumber, refreshHintSeconds } = bundle;
  const keys = {
    x509: bundle.x509Authorities.length,
    jwt: bundle.jwtAuthorities.size,
    wit: bundle.witAuthorities.size,
  };
  return {
    trustDomain,
    keys,
    ...(file === undefined ? { source: 'store' } : { source: 'file', file }),
    ...(sequenceNumber !== undefined && { sequence: sequenceNumber }),
    ...(refreshHintSeconds !== undefined && { refreshHintSeconds }),
  };
}

function sameBundles(one: BundleSet, other: BundleSet): boolean {
  return (
    one.size === other.size &&
    [...one].every((bundle) => other.get(bundle.trustDomain)?.equals(bundle) ?? false)
  );
}
