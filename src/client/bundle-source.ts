import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import { untilReplaced } from '../core/snapshot.js';
import { Bundle, type BundleLookup, BundleSet } from '../spiffe/bundle.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { Source, type SourceOptions, type SourcePlan } from './source.js';
import { WorkloadApiClient } from './workload-api-client.js';

/** A kind of SVID whose authorities a bundle holds. */
export type BundleProfile = 'x509' | 'jwt' | 'wit';

export interface BundleSourceOptions extends SourceOptions {
  /** X.509 and JWT unless said otherwise. One that the Workload API does not offer contributes nothing. */
  readonly profiles?: readonly BundleProfile[];
}

const NONE = BundleSet.of([]);

const PLANS: Readonly<Record<BundleProfile, SourcePlan<BundleSet>>> = {
  x509: { what: 'FetchX509Bundles', open: (client, stop) => client.fetchX509Bundles(stop), withdrawn: NONE },
  jwt: { what: 'FetchJWTBundles', open: (client, stop) => client.fetchJwtBundles(stop), withdrawn: NONE },
  wit: { what: 'FetchWITBundles', open: (client, stop) => client.fetchWitBundles(stop), withdrawn: NONE },
};

/**
 * The bundles of every trust domain that this workload may trust, always the newest: what judges the SVIDs of others.
 * For those who only validate; an `X509Source` has its X.509 bundles already.
 */
export class BundleSource implements BundleLookup, AsyncDisposable {
  readonly clock: Clock;
  readonly #sources: readonly Source<BundleSet>[];
  readonly #close: () => Promise<void>;
  #merged: { readonly parts: readonly BundleSet[]; readonly whole: BundleSet } = { parts: [], whole: NONE };

  private constructor(sources: readonly Source<BundleSet>[], clock: Clock, close: () => Promise<void>) {
    this.#sources = sources;
    this.clock = clock;
    this.#close = close;
  }

  /**
   * Connects, and waits for the first bundles of every profile.
   *
   * Errors: DEADLINE_EXCEEDED, naming the last failure; NOT_OFFERED when no profile is; ARGUMENT_INVALID;
   *         ENDPOINT_INVALID.
   */
  static async open(
    options: BundleSourceOptions = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<BundleSource> {
    await using resources = new AsyncDisposableStack();
    const client = options.client ?? resources.use(WorkloadApiClient.open(options));
    const plans = (options.profiles ?? ['x509', 'jwt']).map((profile) => PLANS[profile]);
    const opened = await Promise.allSettled(
      plans.map((plan) => Source.open({ ...options, client }, plan, signal)),
    );
    const sources = opened.flatMap((one) => (one.status === 'fulfilled' ? [resources.use(one.value)] : []));
    throwUnlessServed(opened, sources.length);
    const [first] = sources;
    if (first === undefined) throw new SpoorError('ARGUMENT_INVALID', 'no profile was asked for');
    const owned = resources.move();
    return new BundleSource(sources, first.clock, () => owned.disposeAsync());
  }

  /** All bundles, each with the authorities of every profile. */
  get current(): BundleSet {
    const parts = this.#sources.map(({ snapshot }) => snapshot.value);
    const same =
      parts.length === this.#merged.parts.length && parts.every((one, i) => one === this.#merged.parts[i]);
    if (!same) this.#merged = { parts, whole: merge(parts) };
    return this.#merged.whole;
  }

  get(trustDomain: TrustDomain): Bundle | undefined {
    return this.current.get(trustDomain);
  }

  /** The bundles that hold now, and each set that takes their place. Ends when `signal` aborts or the source is closed. */
  async *updates(signal: AbortSignal): AsyncGenerator<BundleSet, void, undefined> {
    const stop = AbortSignal.any([signal, ...this.#sources.map(({ closed }) => closed)]);
    while (!stop.aborted) {
      const snapshots = this.#sources.map(({ snapshot }) => snapshot);
      yield this.current;
      const one = new AbortController();
      const either = AbortSignal.any([stop, one.signal]);
      await Promise.race(snapshots.map((snapshot) => untilReplaced(snapshot, either)));
      one.abort();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

/** A profile that is not offered is none of ours, unless nothing else is. */
function throwUnlessServed(opened: readonly PromiseSettledResult<unknown>[], served: number): void {
  for (const one of opened) {
    if (one.status === 'fulfilled') continue;
    const error: unknown = one.reason;
    const notOffered = error instanceof SpoorError && error.code === 'NOT_OFFERED';
    if (!notOffered || served === 0) throw error;
  }
}

/** Of one trust domain, the authorities of all profiles; of two trust domains, never anything together. */
function merge(sets: readonly BundleSet[]): BundleSet {
  const names = new Map(
    sets.flatMap((set) => [...set]).map(({ trustDomain }) => [trustDomain.name, trustDomain]),
  );
  const merged = [...names.values()].map((trustDomain) => {
    const bundles = sets.flatMap((set) => set.get(trustDomain) ?? []);
    return Bundle.of(trustDomain, {
      x509Authorities: bundles.flatMap((bundle) => bundle.x509Authorities),
      jwtAuthorities: new Map(bundles.flatMap((bundle) => [...bundle.jwtAuthorities])),
      witAuthorities: new Map(bundles.flatMap((bundle) => [...bundle.witAuthorities])),
    });
  });
  return BundleSet.of(merged);
}
