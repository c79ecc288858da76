import { SpoorError } from '../core/errors.js';
import type { Peer } from '../door/peer.js';
import type { Attestation, Instance } from '../instances/instance.js';
import type { CallFacts } from '../issuance/views.js';
import type { DeskRooms } from './rooms.js';

/** Why a call is over before it was answered. */
export type Ending = 'hung up' | 'stopping';

/**
 * One call, from its first byte to its status: who makes it, its number, and whether it still goes on.
 *
 * Small on purpose: an idle stream holds one of these, and there may be ten thousand.
 */
export class CallContext implements CallFacts {
  readonly call: number;
  /** As on the wire: `/SpiffeWorkloadAPI/FetchX509SVID`. */
  readonly method: string;
  readonly startedMs: number;
  readonly #rooms: DeskRooms;
  readonly #peer: Peer | undefined;
  #instance: Instance | undefined;
  #attested = false;
  #newcomer: boolean | undefined;
  #ending: Ending | undefined;
  #resume: (() => void) | undefined;
  #takeBack: (() => void) | undefined;

  constructor(call: number, method: string, peer: Peer | undefined, rooms: DeskRooms) {
    this.call = call;
    this.method = method;
    this.startedMs = rooms.clock.monotonicMs();
    this.#rooms = rooms;
    this.#peer = peer;
  }

  /** Errors: PEER_UNKNOWN when the door does not know who is at the other end. */
  get peer(): Peer {
    if (this.#peer === undefined) throw new SpoorError('PEER_UNKNOWN', 'the connection has no known peer');
    return this.#peer;
  }

  /** As `peer`, for the log of a call that may be refused for having none. */
  get peerIfKnown(): Peer | undefined {
    return this.#peer;
  }

  get instance(): Instance {
    return (this.#instance ??= this.#rooms.instanceOf(this.peer));
  }

  get instanceIfKnown(): Instance | undefined {
    return this.#instance;
  }

  /** Whether this call found a process that had not been attested before. */
  get isOfNewProcess(): boolean {
    return this.#newcomer === true;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#takeBack?.();
    this.#wake();
  }

  /**
   * Has the process measured and attested again: at the call, and at every renewal on an open stream.
   *
   * Errors: PEER_UNKNOWN when the process is gone or another one at the call; IDENTITY_NOT_ISSUED when that comes to
   *         light later, since a stream has then lost what it was granted; ATTESTATION_FAILED.
   * Source: decision 3; Workload API section 5.2.1.
   */
  attest(): Attestation | Promise<Attestation> {
    try {
      this.#newcomer ??= this.instance.attestation.current.value === undefined;
      // A hang-up does not abort it: the result is soon there and serves the next call of the process.
      const attestation = this.#rooms.attest(this.instance, this, this.#rooms.stopping);
      if (attestation instanceof Promise) return this.#attestedBy(attestation);
      this.#attested = true;
      return attestation;
    } catch (error) {
      throw this.#lostOr(error);
    }
  }

  /**
   * Calls `resume` once: when `start` calls back, or when the call is over. In the latter case what `start` gave is called
   * first, to take the wait back. Nothing but these functions is kept meanwhile.
   */
  park(start: (done: () => void) => () => void, resume: () => void): void {
    if (this.#ending !== undefined) return resume();
    this.#resume = resume;
    this.#takeBack = start(() => this.#wake());
  }

  #wake(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    this.#takeBack = undefined;
    resume?.();
  }

  async #attestedBy(pending: Promise<Attestation>): Promise<Attestation> {
    try {
      const attestation = await pending;
      this.#attested = true;
      return attestation;
    } catch (error) {
      throw this.#lostOr(error);
    }
  }

  #lostOr(error: unknown): unknown {
    if (!this.#attested || !(error instanceof SpoorError) || error.code !== 'PEER_UNKNOWN') return error;
    return new SpoorError('IDENTITY_NOT_ISSUED', `no identity issued any more: ${error.message}`, {
      cause: error,
    });
  }
}
