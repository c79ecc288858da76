import type { Clock } from '../core/clock.js';
import type { DescriptorBudget } from '../measurement/descriptor-budget.js';
import type { DoorLimits } from './door-limits.js';
import { refusal, type DoorRefusal } from './door-refusal.js';

interface UidState {
  connections: number;
  pending: number;
  heldBytes: number;
  tokens: number;
  refilledMs: number;
}

export interface AdmissionDeps {
  readonly limits: DoorLimits;
  readonly budget: DescriptorBudget;
  readonly clock: Clock;
}

/**
 * Decides by uid alone whether a connection is worth a closer look. A few comparisons, before anything that
 * costs: whatever one uid does here, it spends its own share.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #byUid = new Map<number, UidState>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /** Takes a place for one connection; undefined when it may go on, else why not. Each place wants its `leave`. */
  enter(uid: number): DoorRefusal | undefined {
    const { limits, budget } = this.#deps;
    const state = this.#stateOf(uid);
    if (!this.#takeToken(state)) return refusal('rate', 'this uid connects too often');
    if (state.pending >= limits.pendingPerUid) {
      return refusal('uid-limit', 'this uid has too many connections that are not let in yet');
    }
    const answer = budget.take(uid, 1);
    if (answer === 'uid-exhausted') return refusal('uid-limit', 'this uid has too many connections');
    if (answer === 'exhausted') return refusal('full', 'there are too many connections');
    state.connections++;
    state.pending++;
    return undefined;
  }

  /** Whether `bytes` more may be held back for this uid. */
  hold(uid: number, bytes: number): boolean {
    const state = this.#stateOf(uid);
    state.heldBytes += bytes;
    return state.heldBytes <= this.#deps.limits.heldBytesPerUid;
  }

  /** The connection is let in, or turned away: it is no longer pending, and nothing of it is held back. */
  settle(uid: number, heldBytes: number): void {
    const state = this.#stateOf(uid);
    state.pending--;
    state.heldBytes -= heldBytes;
  }

  /** The connection is gone. */
  leave(uid: number): void {
    this.#deps.budget.give(uid, 1);
    this.#stateOf(uid).connections--;
  }

  /** Forgets uids that have no connection and whose bucket is full again. */
  prune(): void {
    for (const [uid, state] of this.#byUid) {
      this.#refill(state);
      if (state.connections === 0 && state.tokens >= this.#deps.limits.connectionBurstPerUid)
        this.#byUid.delete(uid);
    }
  }

  #stateOf(uid: number): UidState {
    let state = this.#byUid.get(uid);
    if (state === undefined) {
      const tokens = this.#deps.limits.connectionBurstPerUid;
      state = {
        connections: 0,
        pending: 0,
        heldBytes: 0,
        tokens,
        refilledMs: this.#deps.clock.monotonicMs(),
      };
      this.#byUid.set(uid, state);
    }
    return state;
  }

  #takeToken(state: UidState): boolean {
    this.#refill(state);
    if (state.tokens < 1) return false;
    state.tokens--;
    return true;
  }

  #refill(state: UidState): void {
    const { connectionsPerSecondPerUid, connectionBurstPerUid } = this.#deps.limits;
    const nowMs = this.#deps.clock.monotonicMs();
    const earned = ((nowMs - state.refilledMs) / 1_000) * connectionsPerSecondPerUid;
    state.tokens = Math.min(connectionBurstPerUid, state.tokens + earned);
    state.refilledMs = nowMs;
  }
}
