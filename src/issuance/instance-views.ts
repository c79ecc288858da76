import type { Snapshot } from '../core/snapshot.js';
import type { Attestation, Instance } from '../instances/instance.js';
import { BundlesOfInstance } from './bundles-view.js';
import type { DocumentKind } from './document-kind.js';
import { DocumentView } from './document-view.js';
import { JwtCache, type JwtCacheDeps } from './jwt-cache.js';
import type { Renewable } from './rotation.js';
import type { ViewProfile, WitView, X509View } from './views.js';
import type { WitDocument } from './wit-view.js';
import type { X509Document } from './x509-view.js';

/** What the views of all instances share. */
export interface InstanceViewsDeps extends JwtCacheDeps {
  readonly x509Kind: DocumentKind<X509Document, X509View>;
  readonly witKind: DocumentKind<WitDocument, WitView>;
}

/** All views of one instance, and which of them are held by streams. */
export class InstanceViews {
  readonly #instance: Instance;
  readonly #deps: InstanceViewsDeps;
  readonly #holds = { x509: 0, bundles: 0, wit: 0 };
  /** By the SPIFFE ID that is asked for; the empty name is all of them. */
  readonly #wits = new Map<string, DocumentView<WitDocument, WitView>>();
  #x509: DocumentView<X509Document, X509View> | undefined;
  #bundles: BundlesOfInstance | undefined;
  #jwts: JwtCache | undefined;
  #followed: Snapshot<Attestation | undefined> | undefined;
  #unfollow = (): void => {};

  constructor(instance: Instance, deps: InstanceViewsDeps) {
    this.#instance = instance;
    this.#deps = deps;
  }

  get x509(): DocumentView<X509Document, X509View> {
    return (this.#x509 ??= new DocumentView(this.#instance, this.#deps.x509Kind, this.#deps));
  }

  get bundles(): BundlesOfInstance {
    return (this.#bundles ??= new BundlesOfInstance(this.#instance, this.#deps));
  }

  get jwts(): JwtCache {
    return (this.#jwts ??= new JwtCache(this.#instance, this.#deps));
  }

  /** Takes: `only`: a SPIFFE ID that the instance is entitled to; there are not many of these. */
  wit(only?: string): DocumentView<WitDocument, WitView> {
    const known = this.#wits.get(only ?? '');
    if (known !== undefined) return known;
    const view = new DocumentView(this.#instance, this.#deps.witKind, this.#deps, only);
    this.#wits.set(only ?? '', view);
    return view;
  }

  /** Held streams in all. */
  get holds(): number {
    const { x509, bundles, wit } = this.#holds;
    return x509 + bundles + wit;
  }

  hold(profile: ViewProfile, by: 1 | -1): void {
    this.#holds[profile] += by;
  }

  /** The views that renew themselves, since streams hold them. */
  *held(): Generator<Renewable> {
    if (this.#holds.x509 > 0) yield this.x509;
    if (this.#holds.bundles > 0) yield this.bundles;
    if (this.#holds.wit > 0) yield* this.#wits.values();
  }

  /** Calls `changed` when the instance is attested as something else, or lost, from now on. */
  followAttestation(changed: () => void): void {
    const current = this.#instance.attestation.current;
    if (current === this.#followed) return;
    this.#unfollow();
    this.#followed = current;
    this.#unfollow = current.onReplaced(changed);
  }

  /** Forgets what is not to outlive the instance. */
  clear(): void {
    this.#unfollow();
    this.#jwts?.clear();
  }
}
