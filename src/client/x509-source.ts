import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Snapshot } from '../core/snapshot.js';
import type { Bundle, BundleLookup, BundleSet } from '../spiffe/bundle.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { X509Svid } from '../spiffe/x509-svid.js';
import { Source, type SourceOptions } from './source.js';
import { WITHDRAWN, type X509Context } from './x509-responses.js';

export interface X509SourceOptions extends SourceOptions {
  /** Chooses among several identities, e.g. by hint; the first is the default identity (Workload API section 8). */
  readonly pick?: (svids: readonly X509Svid[]) => X509Svid | undefined;
}

/**
 * The X509-SVID of this workload and the bundles to judge its peers by, always the newest.
 *
 * Rotation, reconnects and restarts of the Workload API happen behind it: while nobody answers, the last good value
 * is kept. When the Workload API says that the workload has no identity any more, `current` throws and no bundle is
 * left, until there is one again.
 */
export class X509Source implements BundleLookup, AsyncDisposable {
  readonly #source: Source<X509Context>;
  readonly #pick: (svids: readonly X509Svid[]) => X509Svid | undefined;

  private constructor(source: Source<X509Context>, options: X509SourceOptions) {
    this.#source = source;
    this.#pick = options.pick ?? (([first]) => first);
  }

  /**
   * Connects, and waits for the first X509-SVID: through PERMISSION_DENIED and a Workload API that is not there yet.
   *
   * Takes:  `signal` — gives up the opening; an open source is closed by `Symbol.asyncDispose`.
   * Errors: DEADLINE_EXCEEDED, naming the last failure; ARGUMENT_INVALID and NOT_OFFERED at once; ENDPOINT_INVALID.
   */
  static async open(
    options: X509SourceOptions = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<X509Source> {
    const source = await Source.open(
      options,
      { what: 'FetchX509SVID', open: (client, stop) => client.fetchX509Svid(stop), withdrawn: WITHDRAWN },
      signal,
    );
    return new X509Source(source, options);
  }

  /** The SVID to present now. Errors: IDENTITY_NOT_ISSUED when it was withdrawn, or `pick` chose none. */
  get current(): X509Svid {
    const svid = this.#pick(this.#source.snapshot.value.svids);
    if (svid !== undefined) return svid;
    const why = this.svids.length === 0 ? 'the identity was withdrawn' : 'pick chose none of them';
    throw new SpoorError('IDENTITY_NOT_ISSUED', `no X509-SVID to present: ${why}`);
  }

  /** Every X509-SVID of this workload, the default identity first. */
  get svids(): readonly X509Svid[] {
    return this.#source.snapshot.value.svids;
  }

  get bundles(): BundleSet {
    return this.#source.snapshot.value.bundles;
  }

  /** SVIDs and bundles of one moment, and the promise of newer ones. */
  get snapshot(): Snapshot<X509Context> {
    return this.#source.snapshot;
  }

  /** The clock by which SVIDs of peers are judged. */
  get clock(): Clock {
    return this.#source.clock;
  }

  /** Aborts when the source is closed. */
  get closed(): AbortSignal {
    return this.#source.closed;
  }

  get(trustDomain: TrustDomain): Bundle | undefined {
    return this.bundles.get(trustDomain);
  }

  /**
   * The value that holds now, and each that takes its place; a slow reader skips to the newest. After a withdrawal
   * `svids` is empty.
   *
   * Ends:   when `signal` aborts or the source is closed.
   * Errors: ARGUMENT_INVALID or NOT_OFFERED when the Workload API will not serve us any more.
   */
  updates(signal: AbortSignal): AsyncGenerator<X509Context, void, undefined> {
    return this.#source.updates(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#source[Symbol.asyncDispose]();
  }
}
