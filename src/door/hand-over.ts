import { Socket } from 'node:net';
import { ServerCredentials, type ConnectionInjector, type Server } from '@grpc/grpc-js';
import type { Opening } from './opening.js';
import type { PeerRegistry } from './peer-registry.js';
import type { Peer } from './peer.js';
import { repairedConnection } from './repaired-connection.js';

export interface HandOverDeps {
  readonly server: Server;
  readonly peers: PeerRegistry;
  /** The connection is gone, whoever ended it. Called once. */
  readonly closed: (peer: Peer) => void;
  /** A connection is ended for what its client said. */
  readonly malformed: (peer: Peer, error: unknown) => void;
}

/** Gives connections that were let in to gRPC, and ends them when the door closes. */
export class HandOver {
  readonly #deps: HandOverDeps;
  readonly #injector: ConnectionInjector;
  readonly #sockets = new Set<Socket>();

  constructor(deps: HandOverDeps) {
    this.#deps = deps;
    this.#injector = deps.server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  get size(): number {
    return this.#sockets.size;
  }

  /**
   * Takes over `descriptor`.
   *
   * A connection that has asked with a legal authority goes on as a native socket, at no further cost. One that
   * was repaired, or that has answered and asked nothing yet, is looked at for as long as it lives.
   */
  give(descriptor: number, peer: Peer, opening: Opening): void {
    const { peers, closed, malformed } = this.#deps;
    const socket = new Socket({ fd: descriptor });
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      peers.remove(peer);
      closed(peer);
    });
    const address = peers.add(peer);
    try {
      if (opening.state === 'ready' && !opening.repaired) this.#native(socket, address, opening);
      else this.#repaired(socket, peer, opening);
    } catch (error) {
      // One connection is lost, never the daemon; `close` follows.
      malformed(peer, error);
      socket.destroy();
    }
  }

  /** Ends every connection, and waits until they are gone. */
  async close(): Promise<void> {
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(gone);
    this.#injector.destroy();
  }

  #native(socket: Socket, address: string, opening: Opening): void {
    Object.defineProperty(socket, 'remoteAddress', { value: address });
    // What was held back comes first; what has come since is still in the kernel.
    socket.unshift(opening.everything());
    this.#injector.injectConnection(socket);
  }

  #repaired(socket: Socket, peer: Peer, opening: Opening): void {
    const { server, peers, malformed } = this.#deps;
    const injector = server.createConnectionInjector(peers.credentialsFor(peer));
    const { held, frames } = opening.continuation();
    const connection = repairedConnection(socket, held, frames, (error) => {
      malformed(peer, error);
    });
    // Without this every such connection would leave an HTTP/2 server behind.
    socket.once('close', () => {
      injector.destroy();
    });
    injector.injectConnection(connection);
  }
}
