import type { AuthoritySet } from '../authority/authority-set.js';
import type { Lifetimes } from '../authority/settings.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Recorder } from '../core/record.js';
import type { Service } from '../core/services.js';
import { SnapshotCell, type Snapshot } from '../core/snapshot.js';
import type { EntrySet } from '../entries/entry-set.js';
import type { Instance } from '../instances/instance.js';
import { P256Keys } from '../keys/p256.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import type { ForeignBundles } from './bundle-store.js';
import { InstanceViews, type InstanceViewsDeps } from './instance-views.js';
import { IssuingTrouble } from './issuing-trouble.js';
import { TokenAllowance } from './jwt-cache.js';
import { Matcher } from './matcher.js';
import { Rotation, type Renewable } from './rotation.js';
import type { BundlesView, CallFacts, IssuedJwtSvid, ViewProfile, WitView, X509View } from './views.js';
import { witKind } from './wit-view.js';
import { WorldView, type World } from './world.js';
import { X509Mint } from './x509-mint.js';
import { x509Kind } from './x509-view.js';

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
}

export interface ViewStatistics {
  /** Instances that have been issued to or hold a stream. */
  readonly instances: number;
  /** Instances with an open stream. */
  readonly held: number;
  /** When the next held view is renewed. */
  readonly nextRotation: Date | undefined;
  /** True while the last attempt to issue failed. */
  readonly failing: boolean;
}

/**
 * Room 5, issuance: what each instance is now, in documents.
 *
 * Views of instances with open streams are kept in step with their attestation, the entries, the authorities, the
 * bundles and the time; the others when they are asked for.
 *
 * Source: decisions 6, 8 and 9.
 */
export class Views implements Service {
  readonly name = 'views';
  readonly #deps: ViewsDeps;
  readonly #world: WorldView;
  readonly #shared: InstanceViewsDeps;
  readonly #rotation: Rotation;
  readonly #instances = new Map<Instance, InstanceViews>();
  readonly #held = new Set<Instance>();
  readonly #gone = new WeakSet<Instance>();
  #seen: World | undefined;

  constructor(deps: ViewsDeps) {
    const { lifetimes } = deps;
    const keys = new P256Keys();
    this.#deps = deps;
    this.#world = new WorldView(deps);
    this.#shared = {
      ...deps,
      world: this.#world,
      matcher: new Matcher(this.#world),
      trouble: new IssuingTrouble(deps.log),
      allowance: new TokenAllowance(),
      x509Kind: x509Kind(new X509Mint(keys), lifetimes),
      witKind: witKind(keys, lifetimes),
    };
    const held = { [Symbol.iterator]: () => this.#heldViews() };
    this.#rotation = new Rotation({ held, clock: deps.clock, worldChanged: () => this.#worldChanged() });
  }

  /** Renews what streams hold. */
  async run(signal: AbortSignal): Promise<void> {
    const following = new AbortController();
    for (const cell of [this.#deps.entries, this.#deps.authorities, this.#deps.foreign]) {
      this.#followCell(cell, following.signal);
    }
    await this.#rotation.run(signal);
    following.abort();
  }

  /**
   * The X509-SVIDs of an instance.
   *
   * Returns: a snapshot at once when nothing is to be issued; else when what was missing is recorded.
   * Errors:  AUTHORITY_NOT_READY or RECORD_UNWRITABLE, when nothing valid is left to serve.
   */
  x509(instance: Instance, { call }: CallFacts): Snapshot<X509View> | Promise<Snapshot<X509View>> {
    const views = this.#of(instance);
    return this.#noting(views.x509, instance, views.x509.read(call));
  }

  /** What an instance may verify with. */
  bundles(instance: Instance): Snapshot<BundlesView> {
    const { bundles } = this.#of(instance);
    return this.#noting(bundles, instance, bundles.read());
  }

  /** The WIT-SVIDs of an instance, or the one of `spiffeId`. As `x509`. */
  wit(
    instance: Instance,
    { call }: CallFacts,
    spiffeId?: SpiffeId,
  ): Snapshot<WitView> | Promise<Snapshot<WitView>> {
    const only = spiffeId?.toString();
    if (only !== undefined && !this.#isEntitled(instance, only)) return this.#noWit(instance);
    const view = this.#of(instance).wit(only);
    return this.#noting(view, instance, view.read(call));
  }

  /** JWT-SVIDs for exactly these audiences: one for each SPIFFE ID of the instance, or the one of `spiffeId`. */
  jwt(
    instance: Instance,
    { call }: CallFacts,
    audience: readonly string[],
    spiffeId?: SpiffeId,
  ): readonly IssuedJwtSvid[] | Promise<readonly IssuedJwtSvid[]> {
    return this.#of(instance).jwts.read(call, audience, spiffeId?.toString());
  }

  /** Held by each open stream: until it is disposed of, the view is renewed by itself. */
  hold(instance: Instance, profile: ViewProfile): Disposable {
    const views = this.#of(instance);
    views.hold(profile, 1);
    this.#held.add(instance);
    this.#followAttestation(instance, views);
    let open = true;
    return {
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        views.hold(profile, -1);
        if (views.holds === 0) this.#held.delete(instance);
      },
    };
  }

  /** The process is gone: nothing is issued to it any more. */
  forget(instance: Instance): void {
    this.#gone.add(instance);
    this.#instances.get(instance)?.clear();
    this.#instances.delete(instance);
    this.#held.delete(instance);
  }

  statistics(): ViewStatistics {
    const next = this.#nextDue();
    return {
      instances: this.#instances.size,
      held: this.#held.size,
      nextRotation: Number.isFinite(next) ? new Date(next) : undefined,
      failing: this.#shared.trouble.failing,
    };
  }

  /** A late caller of an instance that is gone gets views that nobody keeps. */
  #of(instance: Instance): InstanceViews {
    const known = this.#instances.get(instance);
    if (known !== undefined) return known;
    const views = new InstanceViews(instance, this.#shared);
    if (!this.#gone.has(instance)) this.#instances.set(instance, views);
    return views;
  }

  #isEntitled(instance: Instance, spiffeId: string): boolean {
    const { result } = this.#shared.matcher.match(instance, this.#deps.clock.now());
    return result.matches.some((match) => match.spiffeId.toString() === spiffeId);
  }

  /** Nothing, and not kept: the names that a caller may ask for are without number. */
  #noWit(instance: Instance): Snapshot<WitView> {
    const { result } = this.#shared.matcher.match(instance, this.#deps.clock.now());
    return new SnapshotCell<WitView>({ svids: [], matches: result }).current;
  }

  #noting<T>(view: Renewable, instance: Instance, taken: T): T {
    if (!this.#held.has(instance)) return taken;
    if (taken instanceof Promise)
      taken.then(
        () => this.#rotation.noteDue(view.dueAt),
        () => this.#rotation.noteDue(view.dueAt),
      );
    else this.#rotation.noteDue(view.dueAt);
    return taken;
  }

  *#heldViews(): Generator<Renewable> {
    for (const instance of this.#held) yield* this.#instances.get(instance)?.held() ?? [];
  }

  #nextDue(): number {
    let next = Infinity;
    for (const { dueAt } of this.#heldViews()) next = Math.min(next, dueAt);
    return next;
  }

  #worldChanged(): boolean {
    const before = this.#seen;
    this.#seen = this.#world.current;
    return before !== this.#seen;
  }

  #followCell(cell: SnapshotCell<unknown>, signal: AbortSignal): void {
    let forget = (): void => {};
    const follow = (): void => {
      forget = cell.current.onReplaced(() => {
        this.#rotation.wake();
        follow();
      });
    };
    follow();
    signal.addEventListener('abort', () => forget(), { once: true });
  }

  #followAttestation(instance: Instance, views: InstanceViews): void {
    views.followAttestation(() => {
      if (!this.#held.has(instance)) return;
      for (const view of views.held()) this.#rotation.enqueue(view);
      this.#followAttestation(instance, views);
    });
  }
}
