import { once } from 'node:events';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Service } from '../core/services.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Credentials } from '../kernel/peer-credentials.js';
import { ReadinessSet } from '../kernel/readiness.js';
import type { ProcessTable } from '../measurement/process-table.js';
import { Admission } from './admission.js';
import type { DoorLimits } from './door-limits.js';
import { refusal, type DoorRefusal } from './door-refusal.js';
import { Handshakes, type Arrival } from './handshakes.js';
import type { Host } from './host.js';
import { ListeningSocket } from './listening-socket.js';
import type { Opening } from './opening.js';
import type { Peer } from './peer.js';
import { Reception } from './reception.js';
import { RefusalLog } from './refusal-log.js';

const PRUNE_MS = 10_000;

export interface DoorDeps<O extends Opening = Opening> {
  readonly path: string;
  /** Permissions of the socket file, e.g. 0o666. */
  readonly mode: number;
  /** What is spoken behind it. */
  readonly host: Host<O>;
  readonly kernel: Kernel;
  readonly processes: ProcessTable;
  readonly limits: DoorLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Whether these may come in at all; asked before anything that costs. Everybody, unless given. */
  readonly allow?: (credentials: Credentials) => boolean;
  /** A connection was let in, and is gone again. */
  readonly opened?: (peer: Peer) => void;
  readonly closed?: (peer: Peer) => void;
}

/**
 * The door: one socket, and the question who is there.
 *
 * accept → credentials → share of the uid → first measurement → challenge, every chunk by its sender → second
 * measurement → the host: gRPC, or whatever else is spoken there.
 *
 * Source: decisions 1 and 3.
 */
export class Door<O extends Opening = Opening> implements Service, AsyncDisposable {
  readonly name: string;
  readonly #deps: DoorDeps<O>;
  readonly #socket: ListeningSocket;
  readonly #readiness: ReadinessSet;
  readonly #admission: Admission;
  readonly #handshakes: Handshakes<O>;
  readonly #reception: Reception;
  readonly #refusals: RefusalLog;

  private constructor(deps: DoorDeps<O>, socket: ListeningSocket) {
    this.name = `door ${deps.path}`;
    this.#deps = deps;
    this.#socket = socket;
    this.#readiness = new ReadinessSet(deps.kernel.libc);
    this.#admission = new Admission({ ...deps, budget: deps.processes.budget });
    this.#refusals = new RefusalLog(deps);
    this.#handshakes = this.#openHandshakes();
    this.#reception = this.#openReception();
  }

  /**
   * Binds the socket and listens; whoever connects waits in the backlog until `run`.
   *
   * Errors: SOCKET_IN_USE when a daemon answers there, SOCKET_UNUSABLE when the path cannot be had.
   */
  static async open<O extends Opening>(deps: DoorDeps<O>): Promise<Door<O>> {
    return new Door(deps, ListeningSocket.open(deps.kernel, deps.path, deps.mode));
  }

  /**
   * Accepts until `signal` aborts, then takes the socket away. Connections that were let in stay until the door
   * is disposed of.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { descriptor } = this.#socket;
    this.#reception.open(descriptor);
    const watching = Promise.all([this.#handshakes.watchDeadlines(signal), this.#prune(signal)]);
    if (!signal.aborted) await once(signal, 'abort');
    this.#reception.close(descriptor);
    this.#socket[Symbol.dispose]();
    await watching;
  }

  get statistics(): { readonly connections: number; readonly pending: number } {
    return { connections: this.#deps.host.size, pending: this.#handshakes.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reception.close(this.#socket.descriptor);
    this.#socket[Symbol.dispose]();
    this.#handshakes.end(refusal('hung-up', 'the daemon is stopping'));
    await this.#deps.host.close();
    this.#readiness[Symbol.dispose]();
  }

  #openHandshakes(): Handshakes<O> {
    return new Handshakes({
      ...this.#deps,
      readiness: this.#readiness,
      admission: this.#admission,
      handshakeMs: this.#deps.limits.handshakeMs,
      admitted: (arrival, opening) => {
        this.#admit(arrival, opening);
      },
      refused: (arrival, why, farewell) => {
        this.#refuse(arrival, why, farewell);
      },
    });
  }

  #openReception(): Reception {
    return new Reception({
      ...this.#deps,
      readiness: this.#readiness,
      admission: this.#admission,
      handshakes: this.#handshakes,
      allow: this.#deps.allow ?? (() => true),
      turnedAway: (credentials, why) => {
        this.#note(credentials, why);
      },
    });
  }

  #admit({ descriptor, connection, process, acceptedMs }: Arrival, opening: O): void {
    const peer: Peer = { connection, process, acceptedMs };
    this.#deps.opened?.(peer);
    this.#deps.host.give(descriptor, peer, opening, {
      closed: () => {
        this.#leave(peer);
      },
      malformed: (error) => {
        const message = error instanceof Error ? error.message : String(error);
        this.#note(process, refusal('malformed', message));
      },
    });
  }

  #leave(peer: Peer): void {
    this.#admission.leave(peer.process.uid);
    this.#deps.closed?.(peer);
    this.#deps.processes.release(peer.process);
  }

  #refuse({ descriptor, process }: Arrival, why: DoorRefusal, farewell: Uint8Array): void {
    const { sockets } = this.#deps.kernel;
    // Only to who may hear it: the process that connected, when what it says is wrong or late.
    if (why.reason === 'malformed' || why.reason === 'deadline') sockets.send(descriptor, farewell);
    sockets.end(descriptor);
    this.#admission.leave(process.uid);
    this.#note(process, why);
    this.#deps.processes.release(process);
  }

  #note({ pid, uid }: { readonly pid: number; readonly uid: number }, why: DoorRefusal): void {
    // Whoever hung up was not refused, and of who has an answer the log has a line already.
    if (why.reason === 'hung-up' || why.reason === 'answered') this.#deps.metrics.turnedAway(why.reason);
    else this.#refusals.add(why, uid, { pid });
  }

  async #prune(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(PRUNE_MS, signal);
      this.#admission.prune();
    }
  }
}
