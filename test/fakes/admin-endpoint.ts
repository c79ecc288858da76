import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdminRooms, Finding } from '../../src/api/admin-rooms.js';
import { CallNumbers, Desk } from '../../src/api/desk.js';
import { buildAdminServer } from '../../src/api/server.js';
import type { Authorities } from '../../src/authority/authorities.js';
import { EntryCatalog } from '../../src/entries/entry-catalog.js';
import { BundleStore } from '../../src/issuance/bundle-store.js';
import { DefinitionCatalog } from '../../src/launch/definitions/definition-catalog.js';
import type { RecordLine } from '../../src/ledger/record-search.js';
import { Database } from '../../src/state/database.js';
import { FakeLaunching } from './fake-launching.js';
import { AuthorityRoom, TRUST_DOMAIN } from './authority-room.js';
import { FakeRooms } from './fake-rooms.js';
import { TestDoor } from './test-endpoint.js';

/** The admin socket over real entries, authorities and bundles; the record is what a test says. */
export class AdminEndpoint implements AsyncDisposable {
  readonly rooms = new FakeRooms();
  readonly catalog: EntryCatalog;
  readonly authorities: Authorities;
  readonly bundles: BundleStore;
  readonly definitions: DefinitionCatalog;
  readonly entriesFolder: string;
  readonly record: RecordLine[] = [];
  health: readonly Finding[] = [];
  readonly #room: AuthorityRoom;
  readonly #database: AsyncDisposable;
  #door: TestDoor | undefined;

  private constructor(
    room: AuthorityRoom,
    database: AsyncDisposable,
    entriesFolder: string,
    parts: Pick<AdminEndpoint, 'catalog' | 'authorities' | 'bundles' | 'definitions'>,
  ) {
    this.#room = room;
    this.#database = database;
    this.entriesFolder = entriesFolder;
    this.catalog = parts.catalog;
    this.authorities = parts.authorities;
    this.bundles = parts.bundles;
    this.definitions = parts.definitions;
  }

  static async open(
    prepare: (entriesFolder: string) => Promise<void> = async () => {},
  ): Promise<AdminEndpoint> {
    const room = await AuthorityRoom.open();
    const { clock, log, path } = room;
    const entriesFolder = join(path, 'entries.d');
    await mkdir(entriesFolder);
    await prepare(entriesFolder);
    const database = await Database.open(join(path, 'spoor.db'));
    const deps = { database, trustDomain: TRUST_DOMAIN, clock, log };
    const endpoint = new AdminEndpoint(room, database, entriesFolder, {
      catalog: await EntryCatalog.open({ ...deps, folder: entriesFolder }),
      authorities: await room.authorities(),
      bundles: await BundleStore.open({ ...deps, folder: join(path, 'bundles.d') }),
      definitions: await DefinitionCatalog.open({ ...deps, folder: join(path, 'launch.d') }),
    });
    const rooms = endpoint.#adminRooms();
    const server = buildAdminServer(rooms, Desk.open(rooms, 'admin', rooms.numbers), new FakeLaunching());
    endpoint.#door = await TestDoor.open(server, endpoint.rooms.peers);
    return endpoint;
  }

  get door(): TestDoor {
    if (this.#door === undefined) throw new Error('the endpoint is not open');
    return this.#door;
  }

  get path(): string {
    return this.door.path;
  }

  #adminRooms(): AdminRooms {
    const { rooms } = this;
    const numbers = new CallNumbers();
    const startedAt = rooms.clock.now();
    return {
      peerOf: rooms.peerOf,
      instanceOf: rooms.instanceOf,
      attest: rooms.attest,
      refusals: rooms.refusals,
      clock: rooms.clock,
      log: rooms.log,
      metrics: rooms.metrics,
      limits: rooms.limits,
      stopping: rooms.stopping,
      explain: rooms.explain,
      entries: this.catalog.entries,
      instances: rooms.instances,
      trustDomain: TRUST_DOMAIN,
      about: {
        version: '1.2.3',
        mode: 'user',
        startedAt,
        agentSocket: '/run/agent.sock',
        adminSocket: '/run/admin.sock',
        stateFolder: '/state',
        packagesFolder: '/var/lib/spoor-packages',
      },
      numbers,
      agentDesk: Desk.open(rooms, 'agent', numbers),
      door: { statistics: { connections: 3, pending: 1 } },
      views: { statistics: () => ({ instances: 1, held: 1, nextRotation: startedAt, failing: false }) },
      catalog: this.catalog,
      definitions: this.definitions,
      authorities: this.authorities,
      bundles: this.bundles,
      who: (needle) => this.#who(needle),
      health: () => this.health,
    };
  }

  async *#who(needle: string): AsyncGenerator<RecordLine> {
    for (const line of this.record) if (JSON.stringify(line).includes(needle)) yield line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]();
    await this.#database[Symbol.asyncDispose]();
    await this.#room[Symbol.asyncDispose]();
  }
}
