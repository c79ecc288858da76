import { SpoorError } from '../core/errors.js';
import { SnapshotCell, type Snapshot } from '../core/snapshot.js';
import type { Match } from '../entries/entry.js';
import type { Instance } from '../instances/instance.js';
import type { DocumentKind, LiveDocument } from './document-kind.js';
import { BACKDATE_MS, isValid, issueDocument, nameOf, type HeldDocument } from './held-document.js';
import type { Matched } from './matcher.js';
import { recordIssue, untilAuthoritiesChange, type ViewDeps } from './view-deps.js';
import type { World } from './world.js';

/** After issuing failed, with a document that can still be served. */
const RETRY_MS = 5_000;

type Documents<D> = ReadonlyMap<string, HeldDocument<D>>;

/** What the current value was made from. */
interface Basis {
  readonly world: World;
  readonly matched: Matched;
  readonly at: Date;
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
  #held: Documents<D> = new Map();
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
      this.#apply(kept, { world, matched, at: now });
      return undefined;
    }
    this.#flight = this.#issueAll(missing, kept, { world, matched, at: now }).finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #renewAndWait(): Promise<Snapshot<V>> {
    await this.renew();
    if (this.#isOut() && isNotReady(this.#failure?.error)) {
      await untilAuthoritiesChange(this.#deps);
      await this.renew();
    }
    if (this.#isOut()) throw this.#failure?.error;
    return this.#cell.current;
  }

  #isFresh(matched: Matched, now: Date): boolean {
    const basis = this.#basis;
    return (
      basis !== undefined &&
      basis.matched === matched &&
      basis.world === this.#deps.world.current &&
      now.getTime() < this.dueAt &&
      now.getTime() >= basis.at.getTime() - BACKDATE_MS &&
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
      return held !== undefined && isValid(held, now) && !replaced.has(held.signerId);
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
  #keep(matched: Matched, { authorities }: World, now: Date): Documents<D> {
    const kept = new Map<string, HeldDocument<D>>();
    for (const match of this.#matchesOf(matched)) {
      const held = this.#held.get(nameOf(match));
      if (held === undefined || !isValid(held, now) || authorities.replaced.has(held.signerId)) continue;
      const asked =
        held.ttlSeconds === this.#kind.ttlOf(match.entry) && this.#kind.isFor(held.document, match.entry);
      if (asked) kept.set(nameOf(match), held);
    }
    return kept;
  }

  /** Never rejects. */
  async #issueAll(missing: readonly Match[], kept: Documents<D>, basis: Basis): Promise<void> {
    try {
      const issued = missing.map(
        (match) => [nameOf(match), issueDocument(match, basis.world, this.#kind, this.#deps)] as const,
      );
      await Promise.all(issued.map(([, { document }]) => this.#record(document)));
      this.#countRotations(issued.map(([name]) => name));
      this.#failure = undefined;
      this.#deps.trouble.clear();
      this.#apply(new Map([...kept, ...issued]), basis);
    } catch (error) {
      this.#fail(error, missing, kept, basis);
    }
  }

  #record(document: D): Promise<void> {
    const issued = { ...document, document: this.#kind.recordOf(document) };
    return recordIssue(this.#deps, this.#instance, this.#call ?? 0, issued);
  }

  #countRotations(names: readonly string[]): void {
    for (const name of names) {
      if (this.#held.has(name)) this.#deps.metrics.rotated(`${this.#kind.profile}-svid`);
    }
  }

  /** Serves what is still good of what was there, and no more than the instance may have. */
  #fail(error: unknown, missing: readonly Match[], kept: Documents<D>, basis: Basis): void {
    const last = missing
      .map((match) => [nameOf(match), this.#held.get(nameOf(match))] as const)
      .filter(
        (pair): pair is [string, HeldDocument<D>] => pair[1] !== undefined && isValid(pair[1], basis.at),
      );
    this.#failure = { error, retryAt: basis.at.getTime() + RETRY_MS };
    const { id, process } = this.#instance;
    this.#deps.trouble.report({ instance: id, pid: process.pid, profile: this.#kind.profile, error });
    this.#apply(new Map([...kept, ...last]), basis);
  }

  #apply(held: Documents<D>, basis: Basis): void {
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

function isCurrent(held: HeldDocument<LiveDocument> | undefined, now: Date): boolean {
  return held !== undefined && now.getTime() < held.rotateAt;
}

function isNotReady(error: unknown): boolean {
  return error instanceof SpoorError && error.code === 'AUTHORITY_NOT_READY';
}
