import type { ExplainRooms } from '../../src/api/explain.js';
import type { Rooms, SurfaceCall } from '../../src/api/rooms.js';
import { Attestors } from '../../src/attestation/attest.js';
import type { Attestor, Finding } from '../../src/attestation/attestor.js';
import { EntrySet } from '../../src/entries/entry-set.js';
import type { Metrics } from '../../src/core/metrics.js';
import { SpoorError } from '../../src/core/errors.js';
import { SnapshotCell, type Snapshot } from '../../src/core/snapshot.js';
import type { Peer } from '../../src/door/peer.js';
import type { Attestation, Instance } from '../../src/instances/instance.js';
import type { LaunchFacts } from '../../src/instances/launched.js';
import type {
  BundlesView,
  CallFacts,
  IssuedJwtSvid,
  ViewProfile,
  WitView,
  X509View,
} from '../../src/issuance/views.js';
import type { Refusal } from '../../src/ledger/refusals.js';
import type { MeasuredProcess, Standing } from '../../src/measurement/process.js';
import { Bundle } from '../../src/spiffe/bundle.js';
import type { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { FakeClock } from './fake-clock.js';
import { MemoryLog } from './memory-log.js';

/** A process that becomes whatever a test says. */
export class FakeProcess implements MeasuredProcess {
  readonly startTicks = 1;
  readonly foreignUserNamespace = false;
  readonly gid = 1000;
  readonly folder = '/proc/self';
  now: Standing = 'same';
  readonly pid: number;
  readonly uid: number;

  constructor(pid = 4242, uid = 1000) {
    this.pid = pid;
    this.uid = uid;
  }

  standing(): Standing {
    return this.now;
  }
}

export const NO_MATCHES = { matches: [], refused: [] } as const;

/** Views whose content a test sets; `held` counts what streams hold. */
export class FakeViews {
  readonly x509Cell = new SnapshotCell<X509View>({
    svids: [],
    bundle: [],
    federated: new Map(),
    matches: NO_MATCHES,
  });
  readonly bundlesCell: SnapshotCell<BundlesView>;
  readonly witCell = new SnapshotCell<WitView>({ svids: [], matches: NO_MATCHES });
  jwtSvids: readonly IssuedJwtSvid[] = [];
  jwtFailure: Error | undefined;
  /** When set, documents come by a promise. */
  slow = false;
  held = 0;
  /** How often a document was asked for. */
  reads = 0;
  readonly asked: { readonly audience: readonly string[]; readonly spiffeId: string | undefined }[] = [];

  constructor(trustDomain: TrustDomain) {
    this.bundlesCell = new SnapshotCell<BundlesView>({
      entitled: false,
      own: Bundle.of(trustDomain),
      federated: [],
    });
  }

  x509(_instance: Instance, _call: CallFacts): Snapshot<X509View> | Promise<Snapshot<X509View>> {
    this.reads += 1;
    return this.slow ? Promise.resolve(this.x509Cell.current) : this.x509Cell.current;
  }

  bundles(_instance: Instance): Snapshot<BundlesView> {
    return this.bundlesCell.current;
  }

  wit(_instance: Instance, _call: CallFacts, spiffeId?: SpiffeId): Snapshot<WitView> {
    const { current } = this.witCell;
    if (spiffeId === undefined) return current;
    const svids = current.value.svids.filter((svid) => svid.spiffeId === spiffeId.toString());
    return {
      ...current,
      value: { ...current.value, svids },
      onReplaced: (listener) => current.onReplaced(listener),
    };
  }

  jwt(
    _instance: Instance,
    _call: CallFacts,
    audience: readonly string[],
    spiffeId?: SpiffeId,
  ): readonly IssuedJwtSvid[] | Promise<readonly IssuedJwtSvid[]> {
    this.asked.push({ audience, spiffeId: spiffeId?.toString() });
    if (this.jwtFailure !== undefined) throw this.jwtFailure;
    const svids = this.jwtSvids.filter(
      (svid) => spiffeId === undefined || svid.spiffeId === spiffeId.toString(),
    );
    return this.slow ? Promise.resolve(svids) : svids;
  }

  hold(_instance: Instance, _profile: ViewProfile): Disposable {
    this.held += 1;
    return { [Symbol.dispose]: () => (this.held -= 1) };
  }
}

/** Counts finished calls by method and code, and refusals by code. */
export class CountingMetrics implements Metrics {
  readonly calls: string[] = [];
  readonly refusals: string[] = [];
  /** First answers, as `process seconds`. */
  readonly firsts: string[] = [];

  attested(): void {}
  minted(): void {}
  rotated(): void {}
  turnedAway(): void {}

  called(method: string, code: string): void {
    this.calls.push(`${method} ${code}`);
  }

  firstAnswered(process: string, seconds: number): void {
    this.firsts.push(`${process} ${seconds}`);
  }

  refused(code: string): void {
    this.refusals.push(code);
  }
}

/** Knows the processes that are connected, by their numbers. */
class FakeProcesses {
  readonly #rooms: FakeRooms;

  constructor(rooms: FakeRooms) {
    this.#rooms = rooms;
  }

  acquirePid(pid: number): MeasuredProcess {
    const peer = [...this.#rooms.peers.values()].find(({ process }) => process.pid === pid);
    if (peer === undefined) throw new SpoorError('PROCESS_NOT_FOUND', `no process has the number ${pid}`);
    return peer.process;
  }

  release(): void {}
}

/** One attestor, which knows uid and program of every process, and another if a test has one. */
function fakeAttestors(rooms: FakeRooms): Attestors {
  const { clock, log, metrics } = rooms;
  const unix = {
    name: 'unix',
    attest: ({ uid }: MeasuredProcess) => ({
      selectors: [`unix:uid:${uid}`, 'unix:path:/usr/bin/web'],
      path: '/usr/bin/web',
    }),
  };
  const { launch } = rooms;
  const attestors: Attestor[] = launch === undefined ? [unix] : [unix, launchAttestor(launch)];
  return new Attestors({ attestors, clock, log, metrics, recorder: { append: async () => {} } });
}

function launchAttestor(find: () => Finding): Attestor {
  return { name: 'launch', isDecisive: true, attest: find };
}

/** Rooms that work, for one trust domain: what they answer is set by the test. */
export class FakeRooms implements Rooms, ExplainRooms {
  readonly trustDomain = TrustDomain.parse('example.org');
  readonly clock = new FakeClock('2030-01-01T00:00:00Z');
  readonly log = new MemoryLog();
  readonly metrics = new CountingMetrics();
  readonly views = new FakeViews(this.trustDomain);
  readonly serving = new SnapshotCell(true);
  readonly limits = {
    callsPerSecondPerUid: 1_000_000,
    callsPerSecondPerProcess: 1_000_000,
    streamsPerConnection: 100,
  };
  readonly profiles = { wit: true };
  readonly foreignJwtClaims: readonly string[] = [];
  readonly recorded: Refusal[] = [];
  readonly refusals = { refused: (refusal: Refusal): void => void this.recorded.push(refusal) };
  readonly stop = new AbortController();
  readonly stopping = this.stop.signal;
  readonly #known = new Map<MeasuredProcess, Instance>();
  readonly entries = new SnapshotCell(EntrySet.of([], this.trustDomain));
  readonly explain: ExplainRooms['explain'];
  /** Who is at the other end of each connection; a test endpoint fills it. */
  readonly peers = new Map<string, Peer>();
  /** What the launch attestor finds, if there is one. */
  launch: (() => Finding) | undefined;
  launched: LaunchFacts | undefined;
  attestations = 0;
  attestationFailure: SpoorError | undefined;
  /** When set, attestation takes until this resolves. */
  attestationPending: Promise<void> | undefined;

  constructor(
    changes: Partial<Omit<Rooms, 'views' | 'clock' | 'log' | 'metrics'> & Pick<FakeRooms, 'launch'>> = {},
  ) {
    Object.assign(this, changes);
    this.explain = { processes: new FakeProcesses(this), attestors: fakeAttestors(this) };
  }

  get instances(): Iterable<Instance> {
    return this.#known.values();
  }

  readonly launchOf = (pid: number, startTicks: number): LaunchFacts | undefined =>
    [...this.peers.values()].some(({ process }) => process.pid === pid && process.startTicks === startTicks)
      ? this.launched
      : undefined;

  readonly peerOf = (call: SurfaceCall): Peer | undefined => this.peers.get(call.getPeer());

  readonly instanceOf = ({ process }: Peer): Instance => {
    let instance = this.#known.get(process);
    if (instance === undefined) {
      const id = this.#known.size.toString(16).padStart(32, '0');
      const attestation = new SnapshotCell<Attestation | undefined>(undefined);
      instance = { id, process, level: 'connected', attestation };
      this.#known.set(process, instance);
    }
    return instance;
  };

  readonly attest = (instance: Instance, _call: CallFacts): Attestation | Promise<Attestation> => {
    demandStanding(instance);
    this.attestations += 1;
    if (this.attestationFailure !== undefined) throw this.attestationFailure;
    const attestation = this.#attestation(instance);
    if (this.attestationPending === undefined) return attestation;
    return this.attestationPending.then(() => {
      demandStanding(instance);
      return attestation;
    });
  };

  #attestation(instance: Instance): Attestation {
    const selectors = [`unix:uid:${instance.process.uid}`];
    return { selectors, outcomes: [{ attestor: 'unix', selectors }], at: this.clock.now() };
  }
}

/** As the real room: before it asks its attestors, and after. */
function demandStanding({ process }: Instance): void {
  const standing = process.standing();
  if (standing === 'same') return;
  const why = standing === 'gone' ? 'is gone' : 'has become another program';
  throw new SpoorError('PEER_UNKNOWN', `the process that connected ${why}`);
}
