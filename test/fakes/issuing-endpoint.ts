import { CallNumbers, Desk } from '../../src/api/desk.js';
import type { Rooms, SurfaceCall } from '../../src/api/rooms.js';
import { buildAgentServer } from '../../src/api/server.js';
import { SnapshotCell } from '../../src/core/snapshot.js';
import type { Peer } from '../../src/door/peer.js';
import type { Entry } from '../../src/entries/entry.js';
import type { Attestation, Instance } from '../../src/instances/instance.js';
import type { MeasuredProcess } from '../../src/measurement/process.js';
import { FakeLaunching } from './fake-launching.js';
import { FakeRooms, CountingMetrics } from './fake-rooms.js';
import { IssuanceRoom } from './issuance-room.js';
import { TestDoor } from './test-endpoint.js';
import { TRUST_DOMAIN } from './authority-room.js';

/** What a test may set of the rooms in front of issuance. */
export type Changes = Partial<Pick<Rooms, 'profiles' | 'foreignJwtClaims' | 'attest'>>;

/** The whole way of a call but door and attestors: real entries, authorities and views, over a real socket. */
export class IssuingEndpoint implements AsyncDisposable {
  readonly room: IssuanceRoom;
  readonly metrics = new CountingMetrics();
  readonly #peers = new Map<string, Peer>();
  readonly #instances = new Map<MeasuredProcess, Instance>();
  #door: TestDoor | undefined;

  private constructor(room: IssuanceRoom) {
    this.room = room;
  }

  /** Serves `entries`; every process has the selector of its uid. */
  static async open(entries?: readonly Entry[], changes: Changes = {}): Promise<IssuingEndpoint> {
    const room = await IssuanceRoom.open(entries);
    room.start();
    const endpoint = new IssuingEndpoint(room);
    const rooms = endpoint.#rooms(changes);
    const desk = Desk.open(rooms, 'agent', new CallNumbers());
    const server = buildAgentServer(rooms, desk, new FakeRooms(), new FakeLaunching());
    endpoint.#door = await TestDoor.open(server, endpoint.#peers);
    return endpoint;
  }

  get door(): TestDoor {
    if (this.#door === undefined) throw new Error('the endpoint is not open');
    return this.#door;
  }

  get path(): string {
    return this.door.path;
  }

  #rooms(changes: Changes): Rooms {
    const { clock, log } = this.room.outer;
    return {
      peerOf: (call: SurfaceCall) => this.#peers.get(call.getPeer()),
      instanceOf: ({ process }) => this.#instanceOf(process),
      attest: (instance) => this.#attest(instance),
      refusals: { refused: () => {} },
      clock,
      log,
      metrics: this.metrics,
      limits: { callsPerSecondPerUid: 1e6, callsPerSecondPerProcess: 1e6, streamsPerConnection: 100 },
      stopping: new AbortController().signal,
      views: this.room.views,
      trustDomain: TRUST_DOMAIN,
      profiles: { wit: true },
      foreignJwtClaims: [],
      serving: new SnapshotCell(true),
      ...changes,
    };
  }

  #instanceOf(process: MeasuredProcess): Instance {
    let instance = this.#instances.get(process);
    if (instance === undefined) {
      const attestation = new SnapshotCell<Attestation | undefined>(undefined);
      const id = this.#instances.size.toString(16).padStart(32, '0');
      instance = { id, process, level: 'connected', attestation };
      this.#instances.set(process, instance);
    }
    return instance;
  }

  #attest({ process, attestation }: Instance): Attestation {
    const known = attestation.current.value;
    if (known !== undefined) return known;
    const fresh = { selectors: [`unix:uid:${process.uid}`], outcomes: [], at: this.room.outer.clock.now() };
    attestation.set(fresh);
    return fresh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]();
    await this.room[Symbol.asyncDispose]();
  }
}
