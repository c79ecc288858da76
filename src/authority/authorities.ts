import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Recorder } from '../core/record.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import { DISK, type Disk } from '../keys/disk.js';
import { KeyFolder } from '../keys/key-folder.js';
import { loadPassphrase } from '../keys/passphrase.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { StateFolder } from '../state/state-folder.js';
import { AuthorityKeeper } from './authority-keeper.js';
import { makeAuthority } from './authority-maker.js';
import type { AuthorityRecord } from './authority-record.js';
import type { AuthoritySet, Profile } from './authority-set.js';
import { AuthorityStore } from './authority-store.js';
import { MOMENT_MS } from './lifecycle.js';
import { SetComposer } from './set-composer.js';
import type { AuthoritySettings } from './settings.js';
import { startAuthorities } from './start.js';
import { Turns } from './turns.js';
import { UpstreamSource } from './upstream-source.js';

const PROFILES: readonly Profile[] = ['x509', 'jwt', 'wit'];
/** Longest sleep: a clock that was set forward or back is noticed after this. */
const LOOK_MS = 15_000;
const UPSTREAM_LOOK_MS = 1_000;
/** After a change that could not be made: a full disk, say. */
const RETRY_MS = 5_000;
const NEVER = new Date(8.64e15);
const RECORDS = 'authorities.json';
const KEYS = 'keys';

export interface AuthoritiesDeps {
  readonly state: Pick<StateFolder, 'file'>;
  readonly trustDomain: TrustDomain;
  readonly settings: AuthoritySettings;
  readonly clock: Clock;
  /** Unpredictable bytes: node:crypto's randomBytes. */
  readonly random: (size: number) => Buffer;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'rotated'>;
  readonly recorder: Recorder;
  /** The file system, unless said otherwise. */
  readonly disk?: Disk;
}

interface Parts {
  readonly store: AuthorityStore;
  readonly keeper: AuthorityKeeper;
  readonly upstream: UpstreamSource | undefined;
}

/**
 * The authorities of the trust domain: who signs, who is published, and the changes of both.
 *
 * A new authority is published before it signs, by the clock or by command, so that a verifier that follows its bundle
 * stream never meets an unknown key.
 *
 * Source: decisions 8 and 9; X509-SVID 3.2, JWT-SVID 6.1, WIT-SVID 6.1.
 */
export class Authorities implements Service {
  readonly name = 'authorities';
  readonly set: SnapshotCell<AuthoritySet>;
  readonly #deps: AuthoritiesDeps;
  readonly #store: AuthorityStore;
  readonly #keeper: AuthorityKeeper;
  readonly #composer: SetComposer;
  readonly #upstream: UpstreamSource | undefined;
  readonly #stop = new AbortController();
  readonly #turns = new Turns();
  #problem: string | undefined;
  #announced: number;

  private constructor(deps: AuthoritiesDeps, parts: Parts) {
    this.#deps = deps;
    this.#store = parts.store;
    this.#keeper = parts.keeper;
    this.#upstream = parts.upstream;
    this.#composer = new SetComposer(parts.store, deps.trustDomain, deps.settings);
    this.set = new SnapshotCell(this.#composer.compose(parts.keeper.superseded));
    this.#announced = parts.store.version;
  }

  /**
   * Loads the authorities of the state folder; makes the first ones when there are none.
   *
   * Errors: STATE_UNUSABLE, KEY_UNREADABLE, UPSTREAM_INVALID; nothing is overwritten then. RECORD_UNWRITABLE.
   */
  static async open(deps: AuthoritiesDeps): Promise<Authorities> {
    const { settings, state, disk = DISK } = deps;
    const { passphraseFile, credentialsDirectory, upstream: files } = settings;
    const passphrase = passphraseFile && (await loadPassphrase(passphraseFile, credentialsDirectory));
    const keys = await KeyFolder.open(state.file(KEYS), passphrase, disk);
    const manifest = state.file(RECORDS);
    const store = await AuthorityStore.open({ manifest, keys, disk, recorder: deps.recorder });
    const make = (profile: Profile, now: Date) => makeAuthority(profile, now, deps);
    const keeper = new AuthorityKeeper({ store, make, lifetimes: settings.lifetimes, clock: deps.clock });
    const upstream = files && new UpstreamSource({ ...deps, files, passphrase });
    const parts = { store, keeper, upstream };
    await startAuthorities({ ...deps, ...parts, make });
    return new Authorities(deps, parts);
  }

  /** What an operator should know of: a bad upstream reload, a full disk. Empty when all is well. */
  get problems(): readonly string[] {
    return [this.#problem, this.#upstream?.problem].filter((problem) => problem !== undefined);
  }

  /** Every change that is due, when it is due. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#stop.abort();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      const waitMs = await this.#look();
      await this.#deps.clock.sleep(waitMs, signal);
    }
    signal.removeEventListener('abort', stop);
    stop();
  }

  /**
   * Replaces the authority of one profile, or of all three, and everything that it signed.
   *
   * Returns: when the new one signs: a moment after it was published.
   * Errors:  ARGUMENT_INVALID for an X.509 authority that is the user's own.
   */
  async rotate(profile?: Profile): Promise<void> {
    if (profile !== undefined && !this.#isOurs(profile)) throw heldUpstream();
    const profiles = PROFILES.filter((one) => (profile ?? one) === one && this.#isOurs(one));
    const successors = await this.#exclusively(async () => {
      const hurried = [];
      for (const one of profiles) hurried.push(await this.#keeper.hurry(one));
      for (const successor of hurried) this.#keeper.want(successor);
      return hurried;
    });
    await this.#activate(successors);
  }

  /**
   * Has an authority never sign again; what it signed is replaced at once. It stays published until it is revoked.
   *
   * Returns: when another one signs.
   * Errors:  AUTHORITY_NOT_FOUND.
   */
  async taint(id: string): Promise<void> {
    const successors = await this.#exclusively(async () => {
      const record = this.#keeper.find(id);
      if (record.state === 'tainted' || record.state === 'revoked') return [];
      // Tainted first: killed in between, the daemon makes another one when it starts.
      await this.#keeper.taint(record);
      return record.state === 'active' && this.#isOurs(record.profile)
        ? [await this.#keeper.hurry(record.profile)]
        : [];
    });
    await this.#activate(successors);
  }

  /**
   * Taints an authority, and when what it signed is replaced, takes it out of the bundle.
   *
   * Returns: when it is no longer published.
   * Errors:  AUTHORITY_NOT_FOUND; ARGUMENT_INVALID for the user's own signing certificate while nothing else signs.
   */
  async revoke(id: string): Promise<void> {
    const { profile, state } = this.#keeper.find(id);
    if (
      !this.#isOurs(profile) &&
      !this.#keeper.recordsOf(profile).some((one) => one.state === 'active' && one.id !== id)
    ) {
      throw heldUpstream();
    }
    if (state !== 'tainted' && state !== 'revoked') {
      await this.taint(id);
      await this.#moment();
    }
    await this.#exclusively(() => this.#keeper.revoke(this.#keeper.find(id)));
  }

  #isOurs(profile: Profile): boolean {
    return profile !== 'x509' || this.#upstream === undefined;
  }

  /** Lets successors sign when they have been published for a moment. */
  async #activate(successors: readonly AuthorityRecord[]): Promise<void> {
    if (successors.length === 0) return;
    const now = this.#deps.clock.now().getTime();
    const waitsMs = successors.map(({ activateAt }) => (activateAt?.getTime() ?? now) - now);
    await this.#deps.clock.sleep(Math.max(0, ...waitsMs), this.#stop.signal);
    await this.#advance();
  }

  async #moment(): Promise<void> {
    await this.#deps.clock.sleep(MOMENT_MS, this.#stop.signal);
  }

  /** Never rejects. Returns: milliseconds until the next look. */
  async #look(): Promise<number> {
    try {
      await this.#upstream?.reload((upstream) => this.#exclusively(() => this.#keeper.adopt(upstream)));
      const next = await this.#advance();
      this.#problem = undefined;
      const longest = this.#upstream === undefined ? LOOK_MS : UPSTREAM_LOOK_MS;
      return Math.min(longest, Math.max(0, next.getTime() - this.#deps.clock.now().getTime()));
    } catch (error) {
      const problem = 'the authorities could not be changed; those that are there go on';
      if (this.#problem === undefined) this.#deps.log.warn(problem, { error });
      this.#problem = problem;
      return RETRY_MS;
    }
  }

  /** Does every step that is due. Returns: when the next one is. */
  async #advance(): Promise<Date> {
    return this.#exclusively(async () => {
      const nexts = [];
      for (const profile of PROFILES) nexts.push(await this.#advanceOne(profile));
      return new Date(Math.min(...nexts.map((next) => next.getTime())));
    });
  }

  async #advanceOne(profile: Profile): Promise<Date> {
    for (;;) {
      const { step, done } = await this.#keeper.step(profile, this.#isOurs(profile));
      if (!done) return step?.at ?? NEVER;
      this.#announce();
      if (step?.kind === 'activate') this.#deps.metrics.rotated(`${profile}-authority`);
    }
  }

  /** One change at a time; whatever it did is then seen by all. */
  #exclusively<T>(change: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => change().finally(() => this.#announce()));
  }

  #announce(): void {
    if (this.#store.version === this.#announced) return;
    this.#announced = this.#store.version;
    this.set.set(this.#composer.compose(this.#keeper.superseded));
  }
}

function heldUpstream(): SpoorError {
  return new SpoorError(
    'ARGUMENT_INVALID',
    'the X.509 authority is the upstream certificate: put another one into its files first',
  );
}
