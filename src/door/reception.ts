import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Credentials } from '../kernel/peer-credentials.js';
import type { ReadinessSet } from '../kernel/readiness.js';
import type { KeptProcess, ProcessTable } from '../measurement/process-table.js';
import type { Admission } from './admission.js';
import { refusal, type DoorRefusal } from './door-refusal.js';
import type { Arrival } from './handshakes.js';

/** What is done in one turn, before everything else has its own: 512 turned away, or 32 challenged, 3 ms or so. */
const WORK_IN_A_TURN = 512;
const CHALLENGE_WORK = 16;
/** How long to leave the backlog alone when there is no descriptor left to accept with. */
const EXHAUSTED_PAUSE_MS = 100;

export interface ReceptionDeps {
  readonly kernel: Kernel;
  readonly readiness: ReadinessSet;
  readonly processes: ProcessTable;
  readonly admission: Admission;
  readonly handshakes: { begin(arrival: Arrival): void };
  readonly clock: Clock;
  /** Whether these may come in at all. */
  readonly allow: (credentials: Credentials) => boolean;
  /** Somebody was turned away before the challenge; nothing is left of the connection. */
  readonly turnedAway: (credentials: Credentials, why: DoorRefusal) => void;
}

/**
 * Takes connections in: credentials, share of the uid, first measurement, and then the challenge. In the order
 * of cost: what a flood meets first is what costs least.
 */
export class Reception {
  readonly #deps: ReceptionDeps;
  #resume: NodeJS.Timeout | undefined;
  #connections = 0;

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
  }

  /** Accepts on this listening socket from now on. */
  open(listening: number): void {
    this.#deps.readiness.add(listening, () => {
      this.#accept(listening);
    });
  }

  close(listening: number): void {
    clearTimeout(this.#resume);
    this.#deps.readiness.delete(listening);
  }

  #accept(listening: number): void {
    const { kernel } = this.#deps;
    for (let work = 0; work < WORK_IN_A_TURN;) {
      const accepted = kernel.sockets.accept(listening);
      if (accepted === 'none') return;
      if (accepted === 'exhausted') return this.#pause(listening);
      work += this.#receive(accepted) ? CHALLENGE_WORK : 1;
    }
  }

  /** Returns whether it was worth a measurement. */
  #receive(descriptor: number): boolean {
    const { kernel, admission, turnedAway } = this.#deps;
    const credentials = kernel.credentials.of(descriptor);
    if (credentials === undefined) {
      kernel.sockets.close(descriptor);
      return false;
    }
    const why = this.#judge(credentials) ?? admission.enter(credentials.uid);
    if (why !== undefined) {
      kernel.sockets.close(descriptor);
      turnedAway(credentials, why);
      return false;
    }
    this.#begin(descriptor, credentials);
    return true;
  }

  #begin(descriptor: number, credentials: Credentials): void {
    const { kernel, admission, turnedAway } = this.#deps;
    const acceptedMs = this.#deps.clock.monotonicMs();
    try {
      const process = this.#measure(descriptor, credentials);
      this.#challenge({ descriptor, connection: ++this.#connections, process, acceptedMs });
    } catch (error) {
      kernel.sockets.close(descriptor);
      admission.settle(credentials.uid, 0);
      admission.leave(credentials.uid);
      turnedAway(credentials, fromError(error));
    }
  }

  #judge(credentials: Credentials): DoorRefusal | undefined {
    if (credentials.pid === 0) {
      return refusal(
        'pid-unseen',
        'its pid namespace cannot be seen from here: run the daemon in that of the host (hostPID: true)',
      );
    }
    if (!this.#deps.allow(credentials)) return refusal('not-allowed', 'this uid may not use this socket');
    return undefined;
  }

  #measure(descriptor: number, credentials: Credentials): KeptProcess {
    const { kernel, processes } = this.#deps;
    return processes.acquire(credentials, kernel.credentials.pidfdOf(descriptor));
  }

  #challenge(arrival: Arrival): void {
    try {
      this.#deps.handshakes.begin(arrival);
    } catch (error) {
      this.#deps.processes.release(arrival.process);
      throw error;
    }
  }

  /** Readiness would call us again and again for connections that we cannot take. */
  #pause(listening: number): void {
    this.close(listening);
    this.#deps.turnedAway(
      { pid: 0, uid: 0, gid: 0 },
      refusal('full', 'the daemon is out of file descriptors'),
    );
    this.#resume = setTimeout(() => {
      this.open(listening);
    }, EXHAUSTED_PAUSE_MS);
  }
}

function fromError(error: unknown): DoorRefusal {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SpoorError)) return refusal('fault', message);
  if (error.code === 'PEER_UNKNOWN') return refusal('process-unknown', message);
  return error.code === 'RATE_EXCEEDED' ? refusal('uid-limit', message) : refusal('fault', message);
}
