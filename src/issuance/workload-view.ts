import type { AuthoritySet } from '../authority/authority-set.js';
import type { Lifetimes } from '../authority/settings.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Recorder } from '../core/record.js';
import type { Service } from '../core/services.js';
import type { Snapshot, SnapshotCell } from '../core/snapshot.js';
import type { EntrySet } from '../entries/entry-set.js';
import type { Instance } from '../instances/instance.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { ForeignBundles } from './bundle-store.js';
import type { BundlesView, CallFacts, IssuedJwtSvid, ViewProfile, WitView, X509View } from './views.js';

export interface ViewsDeps {
  readonly entries: SnapshotCell<EntrySet>;
  readonly authorities: SnapshotCell<AuthoritySet>;
  readonly foreign: SnapshotCell<ForeignBundles>;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly lifetimes: Lifetimes;
  readonly trustDomain: TrustDomain;
}

export interface ViewStatistics {
  readonly instances: number;
  readonly held: number;
  readonly nextRotation: Date | undefined;
}

export class Views implements Service {
  readonly name = 'views';
  constructor(_deps: ViewsDeps) {}
  async run(_signal: AbortSignal): Promise<void> {}
  x509(_instance: Instance, _call: CallFacts): Snapshot<X509View> | Promise<Snapshot<X509View>> {
    throw new Error('not yet');
  }
  bundles(_instance: Instance): Snapshot<BundlesView> {
    throw new Error('not yet');
  }
  wit(
    _instance: Instance,
    _call: CallFacts,
    _spiffeId?: SpiffeId,
  ): Snapshot<WitView> | Promise<Snapshot<WitView>> {
    throw new Error('not yet');
  }
  jwt(
    _instance: Instance,
    _call: CallFacts,
    _audience: readonly string[],
    _spiffeId?: SpiffeId,
  ): readonly IssuedJwtSvid[] | Promise<readonly IssuedJwtSvid[]> {
    throw new Error('not yet');
  }
  hold(_instance: Instance, _profile: ViewProfile): Disposable {
    throw new Error('not yet');
  }
  forget(_instance: Instance): void {}
  statistics(): ViewStatistics {
    return { instances: 0, held: 0, nextRotation: undefined };
  }
}
