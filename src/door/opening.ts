import type { DoorRefusal } from './door-refusal.js';

/**
 * How far the opening of a connection has come. `answered`: the challenge is answered and nothing was asked
 * yet; `ready`: it is answered and the first call is there.
 */
export type OpeningState = 'waiting' | 'answered' | 'ready';

/** The first words of one client, until it has answered the challenge. What they are depends on what is spoken. */
export interface Opening {
  /** What the door says first; empty where the client begins. */
  readonly greeting: Uint8Array;
  readonly state: OpeningState;
  /**
   * Takes the next bytes and the descriptors that came with them; both become its own.
   *
   * Errors: a SpoorError of kind `caller` when that is not what is spoken here.
   */
  feed(chunk: Buffer, descriptors: readonly number[]): OpeningState;
  /** It is not let in: gives up what it holds, and says what the client is told, if it may be told anything. */
  refused(why: DoorRefusal): Uint8Array;
}

/** For an opening that answers in the middle, once it knows what. After the connection is gone, both do nothing. */
export interface Line {
  say(bytes: Uint8Array): void;
  /** From now on descriptors are taken, until the connection is let in or turned away. */
  takeDescriptors(): void;
  /** Everything is said, and the connection is not let in. */
  end(): void;
}
