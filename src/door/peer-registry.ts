import {
  experimental,
  type Metadata,
  type ServerCredentials,
  ServerCredentials as Credentials,
} from '@grpc/grpc-js';
import { ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import type { Peer } from './peer.js';

/** What of a call tells whose it is. Interceptors and handlers both have it. */
export interface CallOrigin {
  getPeer(): string;
  readonly metadata: Metadata;
}

/**
 * Whose call it is. A native socket bears a name of ours as its remote address, which a socket of the Unix
 * family never has by itself; behind a repaired connection the metadata object of each call is remembered.
 * Neither can be set from the wire.
 */
export class PeerRegistry {
  readonly #byAddress = new Map<string, Peer>();
  readonly #byMetadata = new WeakMap<Metadata, Peer>();

  /** Returns the remote address that stands for this peer until `remove`. */
  add(peer: Peer): string {
    const address = `unix:${peer.connection}`;
    this.#byAddress.set(address, peer);
    return address;
  }

  remove(peer: Peer): void {
    this.#byAddress.delete(`unix:${peer.connection}`);
  }

  /** To be asked when a call begins: afterwards its connection may be gone, and the answer with it. */
  peerOf(call: CallOrigin): Peer | undefined {
    return this.#byMetadata.get(call.metadata) ?? this.#byAddress.get(call.getPeer());
  }

  /** Credentials for an injector that serves one connection only: each call on it is that peer's. */
  credentialsFor(peer: Peer): ServerCredentials {
    return experimental.createServerCredentialsWithInterceptors(Credentials.createInsecure(), [
      (_method, call) => {
        const listener = new ServerListenerBuilder()
          .withOnReceiveMetadata((metadata, next) => {
            this.#byMetadata.set(metadata, peer);
            next(metadata);
          })
          .build();
        const responder = new ResponderBuilder()
          .withStart((next) => {
            next(listener);
          })
          .build();
        return new ServerInterceptingCall(call, responder);
      },
    ]);
  }
}
