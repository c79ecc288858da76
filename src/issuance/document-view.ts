import { isReady, type AuthoritySet } from '../authority/authority-set.js';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Metrics } from '../core/metrics.js';
import type { IssuedDocument, Recorder } from '../core/record.js';
import { SnapshotCell, untilReplaced, type Snapshot } from '../core/snapshot.js';
import type { Entry, Match, MatchResult } from '../entries/entry.js';
import type { Instance } from '../instances/instance.js';
import type { IssuingTrouble } from './issuing-trouble.js';
import type { Matched, Matcher } from './matcher.js';
import { endOfLife, rotationInstant } from './schedule.js';
import type { World, WorldView } from './world.js';

/** After issuing failed, with a document that can still be served. */
const RETRY_MS = 5_000;
/** A new authority signs within a moment of the old one's end; a caller waits for it rather than being turned away. */
const SIGNER_WAIT_MS = 3_000;
/** Issued so much before now, for verifiers whose clocks are behind. */
const BACKDATE_MS = 10_000;

/** A document of one instance that is in force. */
export interface LiveDocument {
  readonly spiffeId: string;
  readonly entryId: string;
  readonly notAfter: Date;
}

/** When a document lives, and by whom it is signed. */
export interface Issuance {
  readonly notBefore: Date;
  readonly issuedAt: Date;
  readonly notAfter: Date;
}

/** What tells one kind of document from another. */
export interface DocumentKind<D extends LiveDocument, V> {
  readonly profile: 'x509' | 'wit';
  readonly empty: V;
  ttlOf(entry: Entry): number;
  signerOf(authorities: AuthoritySet): Signer;
  issue(match: Match, authorities: AuthoritySet, issuance: Issuance): D;
  /** Whether a document is still what its entry asks for, its lifetime aside. */
  isFor(document: D, entry: Entry): boolean;
  recordOf(document: D): IssuedDocument;
  compose(documents: readonly (readonly [Match, D])[], matches: MatchResult, world: World): V;
  isSame(one: V, other: V): boolean;
}

interface Signer {
  readonly id: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What every view works with. */
export interface ViewDeps {
  readonly world: WorldView;
  readonly authorities: SnapshotCell<AuthoritySet>;
  readonly matcher: Matcher;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly trouble: IssuingTrouble;
  readonly metrics: Metrics;
}

/** One document with what is needed to know when it is to be replaced. */
interface Held<D> {
  readonly document: D;
  readonly signerId: string;
  readonly ttlSeconds: number;
  readonly rotateAt: number;
}

/** What the current value was made from. */
interface Basis {
  readonly world: World;
  readonly matched: Matched;
}

/**
 * The documents of one kind of one instance, kept in step with its entries, the authorities and the time.
 *
 * What was good is served until it expires while issuing fails. What did not change is not replaced. No document is
 * seen before its record is written.
 *
 * Source: decisions 6, 8 and 9.
 */
export class DocumentView<D extends LiveDocument, V> {
  readonly #instance: Instance;
  readonly #kind: DocumentKind<D, V>;
  readonly #deps: ViewDeps;
  readonly #only: string | undefined;
  readonly #cell: SnapshotCell<V>;
  #held: ReadonlyMap<string, Held<D>> = new Map();
  #basis: Basis | undefined;
  #flight: Promise<void> | undefined;
  #failure: { readonly error: unknown; readonly retryAt: number } | undefined;
  /** The call that asked last; what is renewed for its stream is recorded under its number. */
  #call: number | undefined;
  /** Milliseconds since 1970 at which something is to be done, if nothing else happens before. */
  dueAt = Infinity;

  /** Takes: `only`: one SPIFFE ID, when the others of the instance are not asked for. */
  constructor(instance: Instance, kind: DocumentKind<D, V>, deps: ViewDeps, only?: string) {
    this.#instance = instance;
    this.#kind = kind;
    this.#deps = deps;
    this.#only = only;
    this.#cell = new SnapshotCell(kind.empty);
  }

  /**
   * The documents as they are to be now.
   *
   * Returns: at once when nothing is to be done; otherwise when what was missing is issued and recorded.
   * Errors:  of issuing, when there is nothing left to serve: AUTHORITY_NOT_READY, RECORD_UNWRITABLE.
   */
  read(call: number): Snapshot<V> | Promise<Snapshot<V>> {
    this.#call = call;
    const now = this.#deps.clock.now();
    const matched = this.#deps.matcher.match(this.#instance, now);
    if (this.#isFresh(matched, now)) return this.#cell.current;
    // Only a rotation is under way: what is there is as good as it was.
    if (this.#flight !== undefined && this.#covers(matched, now)) return this.#cell.current;
    return this.#renewAndWait();
  }

  /**
   * Does what is due.
   *
   * Returns: undefined when it is done; else a promise that never rejects, since what fails is tried again.
   */
  renew(): Promise<void> | undefined {
    // Held, but not read yet: the first reading issues, under the number of its call.
    if (this.#call === undefined) return undefined;
    if (this.#flight !== undefined) return this.#flight.then(() => this.renew());
    const now = this.#deps.clock.now();
    const world = this.#deps.world.current;
    const matched = this.#deps.matcher.match(this.#instance, now);
    if (this.#isFresh(matched, now)) return undefined;

    const kept = this.#keep(matched, world, now);
    const missing = this.#matchesOf(matched).filter((match) => !isCurrent(kept.get(nameOf(match)), now));
    if (missing.length === 0) {
      this.#failure = undefined;
      this.#apply(kept, { world, matched });
      return undefined;
    }
    this.#flight = this.#issueAll(missing, kept, { world, matched }, now).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #renewAndWait(): Promise<Snapshot<V>> {
    await this.renew();
    if (this.#isOut() && isNotReady(this.#failure?.error)) {
      await this.#untilSigner();
      await this.renew();
    }
    if (this.#isOut()) throw this.#failure?.error;
    return this.#cell.current;
  }

  async #untilSigner(): Promise<void> {
    const { authorities, clock } = this.#deps;
    const enough = new AbortController();
    const replaced = untilReplaced(authorities.current, enough.signal);
    await Promise.race([replaced, clock.sleep(SIGNER_WAIT_MS, enough.signal)]);
    enough.abort();
  }

  #isFresh(matched: Matched, now: Date): boolean {
    const basis = this.#basis;
    return (
      basis !== undefined &&
      basis.matched === matched &&
      basis.world === this.#deps.world.current &&
      now.getTime() < this.dueAt &&
      !this.#isOut()
    );
  }

  /** True when there is a document that can be served for each match, and none for anything else. */
  #covers(matched: Matched, now: Date): boolean {
    const { replaced } = this.#deps.world.current.authorities;
    const matches = this.#matchesOf(matched);
    if (matches.length !== this.#held.size) return false;
    return matches.every((match) => {
      const held = this.#held.get(nameOf(match));
      return held !== undefined && held.document.notAfter > now && !replaced.has(held.signerId);
    });
  }

  /** True when something is to be issued, could not be, and nothing is left to serve. */
  #isOut(): boolean {
    return this.#failure !== undefined && this.#held.size === 0;
  }

  #matchesOf({ result }: Matched): readonly Match[] {
    if (this.#only === undefined) return result.matches;
    return result.matches.filter(({ spiffeId }) => spiffeId.toString() === this.#only);
  }

  /** The documents that need no replacement but for their age. */
  #keep(matched: Matched, { authorities }: World, now: Date): Map<string, Held<D>> {
    const kept = new Map<string, Held<D>>();
    for (const match of this.#matchesOf(matched)) {
      const held = this.#held.get(nameOf(match));
      if (held === undefined || held.document.notAfter <= now || authorities.replaced.has(held.signerId))
        continue;
      const asked =
        held.ttlSeconds === this.#kind.ttlOf(match.entry) && this.#kind.isFor(held.document, match.entry);
      if (asked) kept.set(nameOf(match), held);
    }
    return kept;
  }

  /** Never rejects. */
  async #issueAll(
    missing: readonly Match[],
    kept: ReadonlyMap<string, Held<D>>,
    basis: Basis,
    now: Date,
  ): Promise<void> {
    try {
      const issued = missing.map((match) => [nameOf(match), this.#issue(match, basis.world, now)] as const);
      await Promise.all(issued.map(([, { document }]) => this.#record(document)));
      const rotated = issued.filter(([name]) => this.#held.has(name)).length;
      for (let count = 0; count < rotated; count += 1)
        this.#deps.metrics.rotated(`${this.#kind.profile}-svid`);
      this.#failure = undefined;
      this.#deps.trouble.clear();
      this.#apply(new Map([...kept, ...issued]), basis);
    } catch (error) {
      this.#fail(error, missing, kept, basis, now);
    }
  }

  #issue(match: Match, { authorities }: World, now: Date): Held<D> {
    const signer = this.#kind.signerOf(authorities);
    if (!isReady(signer, signer.id, authorities, now)) {
      throw new SpoorError('AUTHORITY_NOT_READY', `no ${this.#kind.profile} authority can sign now`);
    }
    const startedMs = this.#deps.clock.monotonicMs();
    const ttlSeconds = this.#kind.ttlOf(match.entry);
    const notAfter = endOfLife(now, ttlSeconds, signer.notAfter);
    const backdated = Math.max(now.getTime() - BACKDATE_MS, signer.notBefore.getTime());
    const notBefore = new Date(Math.floor(backdated / 1_000) * 1_000);
    const document = this.#kind.issue(match, authorities, { notBefore, issuedAt: now, notAfter });
    this.#deps.metrics.minted(this.#kind.profile, (this.#deps.clock.monotonicMs() - startedMs) / 1_000);
    const rotateAt = rotationInstant(now, notAfter, this.#deps.random()).getTime();
    return { document, signerId: signer.id, ttlSeconds, rotateAt };
  }

  #record(document: D): Promise<void> {
    const { id, process, attestation } = this.#instance;
    const path = attestation.current.value?.path;
    return this.#deps.recorder.append({
      event: 'issued',
      call: this.#call ?? 0,
      instance: id,
      pid: process.pid,
      uid: process.uid,
      ...(path !== undefined && { path }),
      entry: document.entryId,
      spiffe_id: document.spiffeId,
      document: this.#kind.recordOf(document),
      expires: document.notAfter.toISOString(),
    });
  }

  /** Serves what is still good of what was there, and no more than the instance may have. */
  #fail(
    error: unknown,
    missing: readonly Match[],
    kept: ReadonlyMap<string, Held<D>>,
    basis: Basis,
    now: Date,
  ): void {
    const last = missing
      .map((match) => [nameOf(match), this.#held.get(nameOf(match))] as const)
      .filter((pair): pair is [string, Held<D>] => pair[1] !== undefined && pair[1].document.notAfter > now);
    this.#failure = { error, retryAt: now.getTime() + RETRY_MS };
    const { id, process } = this.#instance;
    this.#deps.trouble.report({ instance: id, pid: process.pid, profile: this.#kind.profile, error });
    this.#apply(new Map([...kept, ...last]), basis);
  }

  #apply(held: ReadonlyMap<string, Held<D>>, basis: Basis): void {
    this.#held = held;
    this.#basis = basis;
    this.dueAt = this.#dueOf(basis);
    const documents = this.#matchesOf(basis.matched).flatMap((match) => {
      const document = held.get(nameOf(match))?.document;
      return document === undefined ? [] : [[match, document] as const];
    });
    const value = this.#kind.compose(documents, basis.matched.result, basis.world);
    if (!this.#kind.isSame(this.#cell.current.value, value)) this.#cell.set(value);
  }

  #dueOf({ matched }: Basis): number {
    const rotations = [...this.#held.values()].map(({ rotateAt }) => rotateAt);
    if (this.#failure === undefined) return Math.min(matched.until, ...rotations);
    const ends = [...this.#held.values()].map(({ document }) => document.notAfter.getTime());
    return Math.min(matched.until, this.#failure.retryAt, ...ends);
  }
}

function isCurrent(held: Held<LiveDocument> | undefined, now: Date): boolean {
  return held !== undefined && now.getTime() < held.rotateAt;
}

function isNotReady(error: unknown): boolean {
  return error instanceof SpoorError && error.code === 'AUTHORITY_NOT_READY';
}

/** A document belongs to one entry and one SPIFFE ID: a template may give another one to the same entry later. */
function nameOf({ entry, spiffeId }: Match): string {
  return `${entry.id}\n${spiffeId.toString()}`;
}
