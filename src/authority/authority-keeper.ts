import type { KeyObject } from 'node:crypto';
import { SpoorError } from '../core/errors.js';
import type { Clock } from '../core/clock.js';
import { isPublished, moved, type AuthorityRecord } from './authority-record.js';
import type { Profile } from './authority-set.js';
import type { AuthorityStore } from './authority-store.js';
import type { NewAuthority } from './authority-maker.js';
import { activationOf, MOMENT_MS, nextStep, successorOf, timingOf, type Step } from './lifecycle.js';
import type { Lifetimes } from './settings.js';
import type { Upstream } from './upstream.js';

export interface AuthorityKeeperDeps {
  readonly store: AuthorityStore;
  readonly lifetimes: Lifetimes;
  readonly clock: Clock;
  readonly make: (profile: Profile, now: Date) => Promise<NewAuthority>;
}

/**
 * Moves authorities from state to state. Each method is one committed change; the caller sees to it that no two run
 * at the same time.
 */
export class AuthorityKeeper {
  readonly #deps: AuthorityKeeperDeps;
  /** Successors that an operator wants: what their elders signed is replaced at once. */
  readonly #wanted = new Set<string>();
  #superseded: ReadonlySet<string> = new Set();

  constructor(deps: AuthorityKeeperDeps) {
    this.#deps = deps;
  }

  /** Ids that an operator rotated away and whose documents may still be held. */
  get superseded(): ReadonlySet<string> {
    return this.#superseded;
  }

  recordsOf(profile: Profile): readonly AuthorityRecord[] {
    return this.#deps.store.records.filter((record) => record.profile === profile);
  }

  /** Errors: AUTHORITY_NOT_FOUND. */
  find(id: string): AuthorityRecord {
    const record = this.#deps.store.records.find((one) => one.id === id);
    if (record !== undefined) return record;
    throw new SpoorError('AUTHORITY_NOT_FOUND', 'there is no authority of that id', { facts: { id } });
  }

  activeOf(profile: Profile): AuthorityRecord | undefined {
    return this.recordsOf(profile).find(({ state }) => state === 'active');
  }

  /**
   * Does the next step of one profile if it is due.
   *
   * Takes:   `prepares`: false when its authorities are the user's to make.
   * Returns: the step, done or still to come; undefined when nothing will ever be due.
   */
  async step(
    profile: Profile,
    prepares: boolean,
  ): Promise<{ readonly step: Step | undefined; readonly done: boolean }> {
    const now = this.#deps.clock.now();
    const timing = timingOf(profile, this.#deps.lifetimes);
    const step = nextStep(this.recordsOf(profile), timing, now, prepares);
    if (step === undefined || step.at > now) return { step, done: false };
    await this.#perform(profile, step, now);
    return { step, done: true };
  }

  /** Sees to a published successor that signs in a moment: the one that is there, or a new one. */
  async hurry(profile: Profile): Promise<AuthorityRecord> {
    const found = successorOf(this.recordsOf(profile), this.#deps.clock.now());
    return found === undefined ? this.renew(profile) : this.#hurry(found);
  }

  /** Publishes a new successor, in place of one that may be there, to sign in a moment. */
  async renew(profile: Profile): Promise<AuthorityRecord> {
    const { record, key } = await this.#deps.make(profile, this.#deps.clock.now());
    return this.#hurry(record, new Map([[record.id, key]]));
  }

  /** Has a successor wait until it has been published for a moment of this run, for streams that were cut by a restart. */
  async postpone(successor: AuthorityRecord): Promise<void> {
    const moment = new Date(this.#deps.clock.now().getTime() + MOMENT_MS);
    const { activateAt = moment } = successor;
    if (activateAt < moment) await this.#put([{ ...successor, activateAt: moment }]);
  }

  /** What the elder of this successor signed is replaced as soon as the successor signs. */
  want(successor: AuthorityRecord): void {
    this.#wanted.add(successor.id);
  }

  async #hurry(record: AuthorityRecord, keys?: ReadonlyMap<string, KeyObject>): Promise<AuthorityRecord> {
    const next = hurried(record, this.#deps.clock.now());
    await this.#put([next], keys);
    return next;
  }

  /** Makes a successor of the user's own signing certificate, or renews it in place when only its company changed. */
  async adopt(upstream: Upstream): Promise<AuthorityRecord> {
    const now = this.#deps.clock.now();
    const { id, notBefore, notAfter, key } = upstream;
    const known = this.#deps.store.records.find((record) => record.id === id);
    if (known?.state === 'tainted' || known?.state === 'revoked') {
      throw new SpoorError('UPSTREAM_INVALID', `the upstream certificate is ${known.state}`, {
        facts: { id },
      });
    }
    const fresh = { profile: 'x509', id, state: 'prepared', since: now } as const;
    const record = { ...(known ?? fresh), notBefore, notAfter, public: upstream.public };
    const next = known?.state === 'active' ? record : hurried(record, now);
    await this.#put([next], new Map([[id, key]]));
    return next;
  }

  /** Lets the successor sign, from now on. `keys`: when it is so new that it is not kept yet. */
  async activate(successor: AuthorityRecord, keys?: ReadonlyMap<string, KeyObject>): Promise<void> {
    const now = this.#deps.clock.now();
    const elders = this.recordsOf(successor.profile).filter(({ state }) => state === 'active');
    const replaced = elders.filter(({ id }) => id !== successor.id).map(({ id }) => id);
    const moves = [...elders.map((elder) => moved(elder, 'old', now)), moved(successor, 'active', now)];
    await this.#put(moves, keys);
    if (this.#wanted.delete(successor.id)) this.#superseded = this.#superseded.union(new Set(replaced));
  }

  /** Its key is destroyed with the change. One that nobody has seen yet is gone at once. */
  async taint(record: AuthorityRecord): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#put([moved(record, isPublished(record) ? 'tainted' : 'revoked', now)]);
  }

  async revoke(record: AuthorityRecord): Promise<void> {
    await this.#put([moved(record, 'revoked', this.#deps.clock.now())]);
  }

  async #perform(profile: Profile, step: Step, now: Date): Promise<void> {
    switch (step.kind) {
      case 'prepare': {
        const { record, key } = await this.#deps.make(profile, now);
        return this.#put([record], new Map([[record.id, key]]));
      }
      case 'publish': {
        const timing = timingOf(profile, this.#deps.lifetimes);
        return this.#put([
          moved(step.record, 'published', now, activationOf(this.activeOf(profile), timing, now)),
        ]);
      }
      case 'activate':
        return this.activate(step.record);
      case 'remove':
        this.#superseded = this.#superseded.difference(new Set([step.record.id]));
        return this.#deps.store.commit(this.#deps.store.records.filter(({ id }) => id !== step.record.id));
    }
  }

  /** Commits `changed` in place of what has their ids. */
  async #put(changed: readonly AuthorityRecord[], keys?: ReadonlyMap<string, KeyObject>): Promise<void> {
    const ids = new Set(changed.map(({ id }) => id));
    const kept = this.#deps.store.records.filter(({ id }) => !ids.has(id));
    await this.#deps.store.commit([...kept, ...changed], keys);
  }
}

/** Published, and to sign as soon as it has been so for a moment. */
function hurried(record: AuthorityRecord, now: Date): AuthorityRecord {
  const since = record.state === 'published' ? record.since : now;
  const moment = new Date(since.getTime() + MOMENT_MS);
  const activateAt = moment > now ? moment : now;
  return record.state === 'published'
    ? { ...record, activateAt }
    : moved(record, 'published', now, activateAt);
}
