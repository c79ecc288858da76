import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Received } from '../kernel/message-receiver.js';
import type { ReadinessSet } from '../kernel/readiness.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { Admission } from './admission.js';
import type { AuthorityRepair } from './authority-repair.js';
import { refusal, type DoorRefusal } from './door-refusal.js';
import { challengeFrames, PING_BYTES } from './http2-frame.js';
import { Opening, type OpeningState } from './opening.js';

/** So many chunks of one connection are read before others have their turn. */
const CHUNKS_AT_ONCE = 16;

/** A connection that has been accepted and not yet let in. */
export interface Arrival {
  readonly descriptor: number;
  readonly process: MeasuredProcess;
  /** By the monotonic clock. */
  readonly acceptedMs: number;
}

export interface HandshakesDeps {
  readonly kernel: Kernel;
  readonly readiness: ReadinessSet;
  readonly admission: Admission;
  readonly repair: AuthorityRepair;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly handshakeMs: number;
  /** It has answered, and is still what it was. The descriptor is handed over. */
  readonly admitted: (arrival: Arrival, opening: Opening) => void;
  /** The descriptor is still open. */
  readonly refused: (arrival: Arrival, why: DoorRefusal) => void;
}

interface Pending extends Arrival {
  readonly opening: Opening;
  readonly deadlineMs: number;
  heldBytes: number;
}

/**
 * Challenges whoever has connected, and reads until the challenge is answered: everything by recvmsg, every
 * chunk written by the process that connected, which is measured once more before it is let in.
 *
 * Source: decision 3.
 */
export class Handshakes {
  readonly #deps: HandshakesDeps;
  /** In the order of their deadlines, which is that of their arrival. */
  readonly #pending = new Map<number, Pending>();

  constructor(deps: HandshakesDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#pending.size;
  }

  begin(arrival: Arrival): void {
    const { kernel, readiness, repair, clock, random, handshakeMs } = this.#deps;
    const nonce = random(PING_BYTES);
    const opening = new Opening(nonce, repair);
    const pending = { ...arrival, opening, deadlineMs: clock.monotonicMs() + handshakeMs, heldBytes: 0 };
    readiness.add(arrival.descriptor, () => {
      this.#read(pending);
    });
    this.#pending.set(arrival.descriptor, pending);
    if (!kernel.sockets.send(arrival.descriptor, challengeFrames(nonce))) {
      this.#refuse(pending, refusal('hung-up', 'it hung up at once'));
    }
  }

  /** Ends the wait of those whose time is over: in, if they have answered and merely asked nothing yet; else out. */
  async watchDeadlines(signal: AbortSignal): Promise<void> {
    const { clock, handshakeMs } = this.#deps;
    while (!signal.aborted) {
      const [oldest] = this.#pending.values();
      const waitMs = oldest === undefined ? handshakeMs : oldest.deadlineMs - clock.monotonicMs();
      await clock.sleep(Math.max(1, waitMs), signal);
      if (!signal.aborted) this.#expire(clock.monotonicMs());
    }
  }

  /** Turns everybody away who is not let in yet. */
  end(why: DoorRefusal): void {
    for (const pending of this.#pending.values()) this.#refuse(pending, why);
  }

  #expire(nowMs: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.deadlineMs > nowMs) return;
      if (pending.opening.state === 'answered') this.#admit(pending);
      else this.#refuse(pending, refusal('deadline', 'the challenge was not answered in time'));
    }
  }

  #read(pending: Pending): void {
    const verdict = this.#listen(pending);
    if (verdict === 'ready') this.#admit(pending);
    else if (typeof verdict === 'object') this.#refuse(pending, verdict);
  }

  /** Reads what is there; undefined when more is to come. */
  #listen(pending: Pending): 'ready' | DoorRefusal | undefined {
    try {
      for (let count = 0; count < CHUNKS_AT_ONCE; count++) {
        const next = this.#take(pending, this.#deps.kernel.receiver.receive(pending.descriptor));
        if (next === 'nothing') return undefined;
        if (next === 'ready' || typeof next === 'object') return next;
      }
      return undefined;
    } catch (error) {
      return fromError(error);
    }
  }

  /** Judges one chunk by who wrote it, before a byte of it is looked at. */
  #take(pending: Pending, received: Received): OpeningState | 'nothing' | DoorRefusal {
    if (received.kind === 'nothing') return 'nothing';
    if (received.kind === 'end') return refusal('hung-up', 'it hung up before it was let in');
    if (received.kind === 'failed') return refusal('hung-up', `its socket cannot be read: ${received.errno}`);
    if (received.pid !== pending.process.pid) {
      return refusal(
        'wrong-sender',
        `process ${received.pid} writes on a connection that another one opened`,
      );
    }
    if (received.ancillary) return refusal('descriptors-sent', 'it sends descriptors along');
    pending.heldBytes += received.bytes.length;
    if (!this.#deps.admission.hold(pending.process.uid, received.bytes.length)) {
      return refusal('too-much', 'its uid has too many bytes waiting at the door');
    }
    return pending.opening.feed(Buffer.from(received.bytes));
  }

  #admit(pending: Pending): void {
    if (pending.process.standing() !== 'same') {
      return this.#refuse(
        pending,
        refusal('process-changed', 'the process is no longer what it was when it connected'),
      );
    }
    this.#settle(pending);
    this.#deps.admitted(pending, pending.opening);
  }

  #refuse(pending: Pending, why: DoorRefusal): void {
    this.#settle(pending);
    this.#deps.refused(pending, why);
  }

  #settle(pending: Pending): void {
    this.#deps.readiness.delete(pending.descriptor);
    this.#pending.delete(pending.descriptor);
    this.#deps.admission.settle(pending.process.uid, pending.heldBytes);
  }
}

function fromError(error: unknown): DoorRefusal {
  if (error instanceof SpoorError && error.code === 'HTTP2_INVALID')
    return refusal('malformed', error.message);
  return refusal('fault', error instanceof Error ? error.message : String(error));
}
