import type { MessageReceiver } from '../kernel/message-receiver.js';
import type { Line, Opening } from './opening.js';
import type { Peer } from './peer.js';

/** What a host says of a connection that it has taken over. */
export interface Departure {
  /** The connection is gone, whoever ended it. Called once. */
  closed(): void;
  /** It is ended for what its client said. */
  malformed(error: unknown): void;
}

/** What is spoken behind a door: how connections open, and who takes over those that are let in. */
export interface Host<O extends Opening> {
  /** Reads whatever comes before a connection is let in: with room for the descriptors that may come along. */
  readonly receiver: MessageReceiver;
  /** Connections that were let in and are not gone. */
  readonly size: number;
  begin(peer: Peer, line: Line): O;
  /** Takes over `descriptor`. Never throws. */
  give(descriptor: number, peer: Peer, opening: O, departure: Departure): void;
  /** Ends every connection, and waits until they are gone. */
  close(): Promise<void>;
}
