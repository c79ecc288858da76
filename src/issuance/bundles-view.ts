import { SnapshotCell, type Snapshot } from '../core/snapshot.js';
import type { Instance } from '../instances/instance.js';
import type { Bundle } from '../spiffe/bundle.js';
import type { Matched } from './matcher.js';
import type { ViewDeps } from './view-deps.js';
import type { BundlesView } from './views.js';
import type { World } from './world.js';
import { federatedTrustDomains } from './x509-view.js';

/** The bundles that one instance may verify with, kept in step with its entries and with what is published. */
export class BundlesOfInstance {
  readonly #instance: Instance;
  readonly #deps: Pick<ViewDeps, 'world' | 'matcher' | 'clock'>;
  #cell: SnapshotCell<BundlesView> | undefined;
  #basis: { readonly world: World; readonly matched: Matched } | undefined;
  /** Milliseconds since 1970 at which an entry ends. */
  dueAt = Infinity;

  constructor(instance: Instance, deps: Pick<ViewDeps, 'world' | 'matcher' | 'clock'>) {
    this.#instance = instance;
    this.#deps = deps;
  }

  renew(): undefined {
    if (this.#cell !== undefined) this.read();
  }

  read(): Snapshot<BundlesView> {
    const matched = this.#deps.matcher.match(this.#instance, this.#deps.clock.now());
    const world = this.#deps.world.current;
    if (this.#cell !== undefined && this.#basis?.matched === matched && this.#basis.world === world) {
      return this.#cell.current;
    }
    this.#basis = { world, matched };
    this.dueAt = matched.until;
    const value = viewOf(matched, world);
    if (this.#cell === undefined) this.#cell = new SnapshotCell(value);
    else if (!isSame(this.#cell.current.value, value)) this.#cell.set(value);
    return this.#cell.current;
  }
}

function viewOf({ result }: Matched, { own, foreign }: World): BundlesView {
  const wanted = federatedTrustDomains(result.matches.map(({ entry }) => entry));
  const federated = wanted.map((trustDomain) => foreign.bundles.get(trustDomain));
  return {
    entitled: result.matches.length > 0,
    own,
    federated: federated.filter((bundle): bundle is Bundle => bundle !== undefined),
  };
}

function isSame(one: BundlesView, other: BundlesView): boolean {
  return (
    one.entitled === other.entitled &&
    one.own.equals(other.own) &&
    one.federated.length === other.federated.length &&
    one.federated.every((bundle, index) => {
      const same = other.federated[index];
      return bundle === same || (same !== undefined && bundle.equals(same));
    })
  );
}
