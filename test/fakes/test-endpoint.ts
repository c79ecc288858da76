import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ServerCredentials, type ConnectionInjector, type Server } from '@grpc/grpc-js';
import { CallNumbers, Desk } from '../../src/api/desk.js';
import type { ExplainRooms } from '../../src/api/explain.js';
import type { Rooms } from '../../src/api/rooms.js';
import { buildAgentServer } from '../../src/api/server.js';
import type { Peer } from '../../src/door/peer.js';
import { FakeLaunching } from './fake-launching.js';
import { FakeProcess } from './fake-rooms.js';
import { temporaryFolder } from './temporary-folder.js';

/** A door that lets everybody in: it serves `server` on a Unix socket of its own, and ends all when disposed. */
export class TestDoor implements AsyncDisposable {
  /** Who every new connection is, from now on. */
  process = new FakeProcess();
  readonly path: string;
  readonly #folder: AsyncDisposable;
  readonly #listener: NetServer;
  readonly #injector: ConnectionInjector;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(
    server: Server,
    folder: { readonly path: string } & AsyncDisposable,
    peers: Map<string, Peer>,
  ) {
    this.#folder = folder;
    this.path = join(folder.path, 'test.sock');
    this.#server = server;
    this.#injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer((socket) => this.#letIn(socket, peers));
  }

  static async open(server: Server, peers: Map<string, Peer>): Promise<TestDoor> {
    const door = new TestDoor(server, await temporaryFolder(), peers);
    await new Promise<void>((resolve) => door.#listener.listen({ path: door.path }, resolve));
    return door;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  #letIn(socket: Socket, peers: Map<string, Peer>): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const connection = peers.size + 1;
    peers.set(`unix:${connection}`, { connection, process: this.process, acceptedMs: 0 });
    Object.defineProperty(socket, 'remoteAddress', { value: `unix:${connection}` });
    this.#injector.injectConnection(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
    this.#injector.destroy();
    this.#server.forceShutdown();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** The agent socket behind a door that lets everybody in. */
export async function openTestEndpoint(
  rooms: Rooms & ExplainRooms & { readonly peers: Map<string, Peer> },
  launching = new FakeLaunching(),
): Promise<TestDoor & { readonly desk: Desk }> {
  const desk = Desk.open(rooms, 'agent', new CallNumbers());
  const server = buildAgentServer(rooms, desk, rooms, launching);
  return Object.assign(await TestDoor.open(server, rooms.peers), { desk });
}
