import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Chunk, Received } from '../kernel/message-receiver.js';
import type { ReadinessSet } from '../kernel/readiness.js';
import type { Admission } from './admission.js';
import { refusal, type DoorRefusal } from './door-refusal.js';
import type { Host } from './host.js';
import type { Line, Opening, OpeningState } from './opening.js';
import type { Peer } from './peer.js';

/** So many chunks of one connection are read before others have their turn. */
const CHUNKS_AT_ONCE = 16;

/** A connection that has been accepted and not yet let in. */
export interface Arrival extends Peer {
  readonly descriptor: number;
}

export interface HandshakesDeps<O extends Opening> {
  readonly kernel: Kernel;
  readonly readiness: ReadinessSet;
  readonly admission: Admission;
  readonly host: Pick<Host<O>, 'receiver' | 'begin'>;
  readonly clock: Clock;
  readonly handshakeMs: number;
  /** It has answered, and is still what it was. The descriptor is handed over. */
  admitted(arrival: Arrival, opening: O): void;
  /** The descriptor is still open; `farewell` is what the client is told, if it may be told anything. */
  refused(arrival: Arrival, why: DoorRefusal, farewell: Uint8Array): void;
}

interface Pending<O extends Opening> extends Arrival {
  readonly opening: O;
  readonly deadlineMs: number;
  heldBytes: number;
  takesDescriptors: boolean;
}

/**
 * Challenges whoever has connected, and reads until the challenge is answered: everything by recvmsg, every
 * chunk written by the process that connected, which is measured once more before it is let in.
 *
 * Source: decision 3.
 */
export class Handshakes<O extends Opening> {
  readonly #deps: HandshakesDeps<O>;
  /** In the order of their deadlines, which is that of their arrival. */
  readonly #pending = new Map<number, Pending<O>>();

  constructor(deps: HandshakesDeps<O>) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#pending.size;
  }

  begin(arrival: Arrival): void {
    const { kernel, readiness, host, clock, handshakeMs } = this.#deps;
    const opening = host.begin(arrival, this.#lineOf(arrival));
    const pending = {
      ...arrival,
      opening,
      deadlineMs: clock.monotonicMs() + handshakeMs,
      heldBytes: 0,
      takesDescriptors: false,
    };
    readiness.add(arrival.descriptor, () => {
      this.#read(pending);
    });
    this.#pending.set(arrival.descriptor, pending);
    const { greeting } = opening;
    if (greeting.length > 0 && !kernel.sockets.send(arrival.descriptor, greeting)) {
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

  #lineOf({ descriptor, connection }: Arrival): Line {
    // By then its descriptor may have become somebody else's.
    const pending = (): Pending<O> | undefined => {
      const found = this.#pending.get(descriptor);
      return found?.connection === connection ? found : undefined;
    };
    return {
      say: (bytes) => {
        const waiting = pending();
        if (waiting === undefined || this.#deps.kernel.sockets.send(descriptor, bytes)) return;
        this.#refuse(waiting, refusal('hung-up', 'it takes no answer'));
      },
      takeDescriptors: () => {
        const waiting = pending();
        if (waiting === undefined) return;
        waiting.takesDescriptors = true;
        this.#deps.kernel.sockets.passRights(descriptor, true);
      },
      end: () => {
        const waiting = pending();
        if (waiting !== undefined) this.#refuse(waiting, refusal('answered', 'it has its answer'));
      },
    };
  }

  #expire(nowMs: number): void {
    for (const pending of this.#pending.values()) {
      if (pending.deadlineMs > nowMs) return;
      if (pending.opening.state === 'answered') this.#admit(pending);
      else this.#refuse(pending, refusal('deadline', 'the challenge was not answered in time'));
    }
  }

  #read(pending: Pending<O>): void {
    const verdict = this.#listen(pending);
    if (verdict === 'ready') this.#admit(pending);
    else if (typeof verdict === 'object') this.#refuse(pending, verdict);
  }

  /** Reads what is there; undefined when more is to come. */
  #listen(pending: Pending<O>): 'ready' | DoorRefusal | undefined {
    const { host } = this.#deps;
    try {
      for (let count = 0; count < CHUNKS_AT_ONCE; count++) {
        const next = this.#take(pending, host.receiver.receive(pending.descriptor));
        if (next === 'nothing') return undefined;
        if (next === 'ready' || typeof next === 'object') return next;
      }
      return undefined;
    } catch (error) {
      return fromError(error);
    }
  }

  /** Judges one chunk by who wrote it, before a byte of it is looked at. */
  #take(pending: Pending<O>, received: Received): OpeningState | 'nothing' | DoorRefusal {
    if (received.kind === 'nothing') return 'nothing';
    if (received.kind === 'end') return refusal('hung-up', 'it hung up before it was let in');
    if (received.kind === 'failed') return refusal('hung-up', `its socket cannot be read: ${received.errno}`);
    const why = this.#judge(pending, received);
    if (why === undefined) return pending.opening.feed(Buffer.from(received.bytes), received.descriptors);
    for (const descriptor of received.descriptors) this.#deps.kernel.sockets.close(descriptor);
    return why;
  }

  #judge(pending: Pending<O>, { pid, truncated, bytes }: Chunk): DoorRefusal | undefined {
    if (pid !== pending.process.pid) {
      return refusal('wrong-sender', `process ${pid} writes on a connection that another one opened`);
    }
    if (truncated) return refusal('descriptors-sent', 'it sends descriptors along that are not taken here');
    pending.heldBytes += bytes.length;
    if (this.#deps.admission.hold(pending.process.uid, bytes.length)) return undefined;
    return refusal('too-much', 'its uid has too many bytes waiting at the door');
  }

  #admit(pending: Pending<O>): void {
    if (pending.process.standing() !== 'same') {
      const why = 'the process is no longer what it was when it connected';
      return this.#refuse(pending, refusal('process-changed', why));
    }
    this.#settle(pending);
    this.#deps.admitted(pending, pending.opening);
  }

  #refuse(pending: Pending<O>, why: DoorRefusal): void {
    this.#settle(pending);
    this.#deps.refused(pending, why, pending.opening.refused(why));
  }

  #settle(pending: Pending<O>): void {
    if (pending.takesDescriptors) this.#deps.kernel.sockets.passRights(pending.descriptor, false);
    this.#deps.readiness.delete(pending.descriptor);
    this.#pending.delete(pending.descriptor);
    this.#deps.admission.settle(pending.process.uid, pending.heldBytes);
  }
}

function fromError(error: unknown): DoorRefusal {
  if (error instanceof SpoorError && error.kind === 'caller') return refusal('malformed', error.message);
  return refusal('fault', error instanceof Error ? error.message : String(error));
}
