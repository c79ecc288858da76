import { Socket } from 'node:net';
import { ServerCredentials, type ConnectionInjector, type Server } from '@grpc/grpc-js';
import type { MessageReceiver } from '../kernel/message-receiver.js';
import { AuthorityRepair } from './authority-repair.js';
import type { Departure, Host } from './host.js';
import { PING_BYTES } from './http2-frame.js';
import { Http2Opening } from './http2-opening.js';
import { PeerRegistry, type CallOrigin } from './peer-registry.js';
import type { Peer } from './peer.js';
import { repairedConnection } from './repaired-connection.js';

export interface GrpcHostDeps {
  /** Has its services already, and is bound to nothing. */
  readonly server: Server;
  readonly receiver: MessageReceiver;
  /** Unforeseeable bytes. */
  readonly random: (bytes: number) => Buffer;
}

/** Gives connections that were let in to gRPC, knows whose call it is, and ends them when the door closes. */
export class GrpcHost implements Host<Http2Opening> {
  readonly receiver: MessageReceiver;
  readonly #deps: GrpcHostDeps;
  readonly #repair = new AuthorityRepair();
  readonly #peers = new PeerRegistry();
  readonly #injector: ConnectionInjector;
  readonly #sockets = new Set<Socket>();

  constructor(deps: GrpcHostDeps) {
    this.receiver = deps.receiver;
    this.#deps = deps;
    this.#injector = deps.server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Whose call it is. To be asked when the call begins, and the answer kept. */
  peerOf(call: CallOrigin): Peer | undefined {
    return this.#peers.peerOf(call);
  }

  begin(): Http2Opening {
    return new Http2Opening(this.#deps.random(PING_BYTES), this.#repair);
  }

  /**
   * Takes over `descriptor`.
   *
   * A connection that has asked with a legal authority goes on as a native socket, at no further cost. One that
   * was repaired, or that has answered and asked nothing yet, is looked at for as long as it lives.
   */
  give(descriptor: number, peer: Peer, opening: Http2Opening, departure: Departure): void {
    const socket = new Socket({ fd: descriptor });
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#peers.remove(peer);
      departure.closed();
    });
    const address = this.#peers.add(peer);
    try {
      if (opening.state === 'ready' && !opening.repaired) this.#native(socket, address, opening);
      else this.#repaired(socket, peer, opening, departure);
    } catch (error) {
      // One connection is lost, never the daemon; `close` follows.
      departure.malformed(error);
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

  #native(socket: Socket, address: string, opening: Http2Opening): void {
    Object.defineProperty(socket, 'remoteAddress', { value: address });
    // What was held back comes first; what has come since is still in the kernel.
    socket.unshift(opening.everything());
    this.#injector.injectConnection(socket);
  }

  #repaired(socket: Socket, peer: Peer, opening: Http2Opening, departure: Departure): void {
    const injector = this.#deps.server.createConnectionInjector(this.#peers.credentialsFor(peer));
    const { held, frames } = opening.continuation();
    const connection = repairedConnection(socket, held, frames, (error) => {
      departure.malformed(error);
    });
    // Without this every such connection would leave an HTTP/2 server behind.
    socket.once('close', () => {
      injector.destroy();
    });
    injector.injectConnection(connection);
  }
}
