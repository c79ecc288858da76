import type { Authorities } from '../../src/authority/authorities.js';
import type { AuthoritySettings, Lifetimes } from '../../src/authority/settings.js';
import { DEFAULT_LIFETIMES } from '../../src/authority/settings.js';
import { NO_METRICS } from '../../src/core/metrics.js';
import { SnapshotCell, type Snapshot } from '../../src/core/snapshot.js';
import type { Entry } from '../../src/entries/entry.js';
import { EntrySet } from '../../src/entries/entry-set.js';
import type { Attestation, Descent, Instance } from '../../src/instances/instance.js';
import type { ForeignBundles } from '../../src/issuance/bundle-store.js';
import type { ViewProfile } from '../../src/issuance/views.js';
import { Views } from '../../src/issuance/workload-view.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { AuthorityRoom, TRUST_DOMAIN } from './authority-room.js';

/** An entry for `unix:uid:1000`, in all else as `wish` says. */
export function anEntry(id: string, wish: Partial<Entry> = {}): Entry {
  return {
    id,
    spiffeId: `spiffe://example.org/${id}`,
    selectors: ['unix:uid:1000'],
    dnsNames: [],
    hint: '',
    federatesWith: [],
    createdAt: new Date('2029-01-01T00:00:00Z'),
    source: { kind: 'store' },
    ...wish,
  };
}

/** Room 5 with real authorities, entries that a test sets, and a clock that it moves. */
export class IssuanceRoom implements AsyncDisposable {
  readonly outer: AuthorityRoom;
  readonly authorities: Authorities;
  readonly views: Views;
  readonly #entries: SnapshotCell<EntrySet>;
  readonly foreign = new SnapshotCell<ForeignBundles>({
    bundles: BundleSet.of([]),
    own: Bundle.of(TRUST_DOMAIN),
  });
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  readonly #holds = new DisposableStack();
  #services = 0;
  #made = 0;

  private constructor(
    outer: AuthorityRoom,
    authorities: Authorities,
    entries: SnapshotCell<EntrySet>,
    lifetimes: Lifetimes,
  ) {
    this.outer = outer;
    this.authorities = authorities;
    this.#entries = entries;
    this.views = new Views({
      entries,
      lifetimes,
      authorities: authorities.set,
      foreign: this.foreign,
      recorder: outer.recorder,
      clock: outer.clock,
      // In the middle: the jitter is nothing.
      random: () => 0.5,
      log: outer.log,
      metrics: NO_METRICS,
    });
  }

  static async open(
    entries: readonly Entry[] = [anEntry('web')],
    settings: Partial<AuthoritySettings> = {},
  ): Promise<IssuanceRoom> {
    const outer = await AuthorityRoom.open();
    const authorities = await outer.authorities(settings);
    const cell = new SnapshotCell(EntrySet.of(entries, TRUST_DOMAIN, outer.clock.now()));
    return new IssuanceRoom(outer, authorities, cell, settings.lifetimes ?? DEFAULT_LIFETIMES);
  }

  /** Replaces all entries, as an edit of their file does. */
  setEntries(...entries: readonly Entry[]): void {
    this.#entries.set(EntrySet.of(entries, TRUST_DOMAIN, this.outer.clock.now()));
  }

  /** A process of uid 1000, already attested. */
  instance(...selectors: readonly string[]): Instance {
    this.#made += 1;
    return anInstance(
      this.#made,
      selectors.length === 0 ? ['unix:uid:1000'] : selectors,
      this.outer.clock.now(),
    );
  }

  /** A process of uid 1000 below a launched one for which these selectors hold. */
  descendant(...parentSelectors: readonly string[]): Instance {
    this.#made += 1;
    const descent: Descent = { instance: 'f00d', by: 'cgroup', parentSelectors };
    return anInstance(this.#made, ['unix:uid:1000'], this.outer.clock.now(), descent);
  }

  /** Has the views renew themselves from now on; with `authorities`, the authorities too. */
  start({ authorities = false } = {}): void {
    const services = authorities ? [this.views, this.authorities] : [this.views];
    this.#services = services.length;
    this.#running = Promise.all(services.map((service) => service.run(this.#stop.signal)));
  }

  /** Holds a view open until the end of the test. */
  hold(instance: Instance, profile: ViewProfile): void {
    this.#holds.use(this.views.hold(instance, profile));
  }

  /** Moves time on in steps, and lets what is due in each come to its end. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.outer.clock.nextWake(this.#services);
      await this.outer.clock.advance(Math.min(left, stepMs));
      await this.settle();
    }
    await this.outer.clock.nextWake(this.#services);
  }

  /** Lets what was begun come to its end, without any time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) await new Promise(setImmediate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holds[Symbol.dispose]();
    this.#stop.abort();
    await this.#running;
    await this.outer[Symbol.asyncDispose]();
  }
}

/** Takes: `number`: which one; it is its pid, too. */
export function anInstance(
  number: number,
  selectors: readonly string[],
  at: Date,
  descent?: Descent,
): Instance {
  const attestation: Attestation = {
    selectors,
    outcomes: [],
    path: '/usr/bin/node',
    at,
    ...(descent !== undefined && { descent }),
  };
  return {
    id: number.toString(16).padStart(32, '0'),
    process: {
      pid: number,
      uid: 1000,
      gid: 1000,
      startTicks: number,
      foreignUserNamespace: false,
      folder: `/proc/${number}`,
      standing: () => 'same',
    },
    level: 'connected',
    attestation: new SnapshotCell<Attestation | undefined>(attestation),
  };
}

/** What a stream sees: each value of a view, as it is replaced. The view is to be read before, so that it is there. */
export function follow<T>(read: () => Snapshot<T> | Promise<Snapshot<T>>): T[] {
  const seen: T[] = [];
  const look = (): void => {
    const snapshot = read();
    if (snapshot instanceof Promise) throw new Error('a view that was replaced is not there');
    seen.push(snapshot.value);
    snapshot.onReplaced(look);
  };
  look();
  return seen;
}
