import { Metadata, status } from '@grpc/grpc-js';
import { SpoorError } from '../core/errors.js';
import type { Peer } from '../door/peer.js';
import type { Instance } from '../instances/instance.js';
import type { MeasuredProcess } from '../measurement/process.js';
import { SECURITY_HEADER } from '../wire/workload-api.js';
import { TRAILERS } from '../wire/admin.js';
import { CallContext } from './call-context.js';
import { RefusalLog } from './refusal-log.js';
import type { DeskRooms, SurfaceCall } from './rooms.js';
import { toAdminStatus, toWorkloadStatus, type Answer } from './status.js';
import { TokenBucket, TokenBuckets, type Rate } from './token-bucket.js';

/** Uids whose rate is remembered: more than a node has users who are busy at one instant. */
const MAX_UIDS = 4096;
const MAX_LOGGED = { perSecond: 10, burst: 100 };

/** Gives every call of the daemon, on whichever socket, its own number. */
export class CallNumbers {
  #latest = 0;

  get latest(): number {
    return this.#latest;
  }

  next(): number {
    return (this.#latest += 1);
  }
}

/**
 * What differs between the sockets: the agent's and the launch socket are open to everybody, the admin's only to the
 * operator.
 */
export type Surface = 'agent' | 'admin' | 'launch';

/** Code, details and trailers of a call that failed. */
export interface Refused extends Answer {
  readonly metadata: Metadata;
}

/**
 * The second room: gives each call its number, demands the security header, holds callers to their rate, and turns
 * every error into one status, one line of the log and one line of the record with that number.
 */
export class Desk {
  readonly rooms: DeskRooms;
  readonly #surface: Surface;
  readonly #numbers: CallNumbers;
  readonly #uids: TokenBuckets;
  readonly #processRate: Rate;
  readonly #processes = new WeakMap<MeasuredProcess, TokenBucket>();
  readonly #refusalLog: RefusalLog;
  readonly #open = new Set<CallContext>();
  /** Connections that have had an answer. */
  readonly #answered = new WeakSet<Peer>();

  private constructor(rooms: DeskRooms, surface: Surface, numbers: CallNumbers) {
    this.rooms = rooms;
    this.#surface = surface;
    this.#numbers = numbers;
    this.#uids = new TokenBuckets(rateOf(rooms.limits.callsPerSecondPerUid), MAX_UIDS);
    this.#processRate = rateOf(rooms.limits.callsPerSecondPerProcess);
    this.#refusalLog = new RefusalLog(rooms.log, new TokenBuckets(MAX_LOGGED, MAX_UIDS));
  }

  /** Opens the desk of one socket. When `rooms.stopping` aborts, every call that is still open is ended. */
  static open(rooms: DeskRooms, surface: Surface, numbers: CallNumbers): Desk {
    const desk = new Desk(rooms, surface, numbers);
    const stop = (): void => {
      for (const context of desk.#open) context.end('stopping');
    };
    rooms.stopping.addEventListener('abort', stop, { once: true });
    return desk;
  }

  /** Calls that have begun and not ended. */
  get openCalls(): number {
    return this.#open.size;
  }

  /** Open calls of each instance: on the agent socket, its streams. */
  openByInstance(): ReadonlyMap<Instance, number> {
    const counts = new Map<Instance, number>();
    for (const { instanceIfKnown: instance } of this.#open) {
      if (instance !== undefined) counts.set(instance, (counts.get(instance) ?? 0) + 1);
    }
    return counts;
  }

  /** Numbers a call and notes who makes it. Never throws: whatever is wrong is said by `admit`. */
  open(method: string, call: SurfaceCall): CallContext {
    return this.openFor(method, this.rooms.peerOf(call));
  }

  /** The same for a call that does not come by gRPC. */
  openFor(method: string, peer: Peer | undefined): CallContext {
    const context = new CallContext(this.#numbers.next(), method, peer, this.rooms);
    this.#open.add(context);
    return context;
  }

  /**
   * Lets a call in, or not.
   *
   * Errors: STOPPING, PEER_UNKNOWN, HEADER_MISSING, RATE_EXCEEDED; the request's own when it was malformed.
   * Source: Workload Endpoint sections 3 and 6; the SPIRE agent's order: header before anything in the request.
   */
  admit(context: CallContext, call?: Pick<SurfaceCall, 'metadata'>): void {
    if (this.rooms.stopping.aborted) throw stopping();
    if (this.#surface === 'admin') return;
    if (call !== undefined) checkHeader(call.metadata);
    this.#checkRate(context.method, context.peer);
  }

  /** A message goes out: the first one on a connection is timed. */
  answering(context: CallContext): void {
    const peer = context.peerIfKnown;
    if (peer === undefined || this.#answered.has(peer)) return;
    this.#answered.add(peer);
    const seconds = (this.rooms.clock.monotonicMs() - peer.acceptedMs) / 1_000;
    this.rooms.metrics.firstAnswered(context.isOfNewProcess ? 'new' : 'known', seconds);
  }

  /** The call was answered. */
  done(context: CallContext): void {
    this.#close(context, context.ending === 'hung up' ? status.CANCELLED : status.OK);
  }

  /** Says once, everywhere, that the call failed: status, log, metrics and record. */
  refuse(context: CallContext, failure: unknown): Refused {
    // Whatever went wrong in a call that the stop cut short, the stop is why.
    const error = context.ending === 'stopping' ? stopping() : failure;
    const answer = isOurs(context.method)
      ? toAdminStatus(error, context.call)
      : toWorkloadStatus(error, context.call);
    this.#close(context, answer.code);
    // A stop refuses nobody: it cuts every stream at once, and the daemon has said that it stops.
    if (!(error instanceof SpoorError) || error.code !== 'STOPPING') this.#note(context, error);
    return { ...answer, metadata: this.#trailers(context, error) };
  }

  #note(context: CallContext, error: unknown): void {
    const refusal = refusalOf(context, error);
    this.rooms.metrics.refused(refusal.code);
    this.#refusalLog.add(context, refusal.code, error, this.rooms.clock.monotonicMs());
    this.rooms.refusals.refused(refusal);
  }

  #close(context: CallContext, code: status): void {
    this.#open.delete(context);
    const seconds = (this.rooms.clock.monotonicMs() - context.startedMs) / 1000;
    this.rooms.metrics.called(context.method, status[code], seconds);
  }

  #trailers(context: CallContext, error: unknown): Metadata {
    const trailers = new Metadata();
    trailers.set(TRAILERS.call, String(context.call));
    if (!(error instanceof SpoorError)) return trailers;
    trailers.set(TRAILERS.code, error.code);
    if (isOurs(context.method)) trailers.set(TRAILERS.remedy, error.remedy);
    return trailers;
  }

  #checkRate(method: string, { process }: Peer): void {
    const nowMs = this.rooms.clock.monotonicMs();
    let bucket = this.#processes.get(process);
    if (bucket === undefined) this.#processes.set(process, (bucket = new TokenBucket()));
    if (bucket.take(this.#processRate, nowMs) && this.#uids.take(process.uid, nowMs)) return;
    throw new SpoorError('RATE_EXCEEDED', `rate limit exceeded for ${method}`);
  }
}

/** Our own services speak to people at a command line, who can use a remedy; the standard's to workloads. */
function isOurs(method: string): boolean {
  return method.startsWith('/spoor.');
}

/** Errors: HEADER_MISSING unless it is there exactly once (a repeated header arrives as `true, true`). */
function checkHeader(metadata: Metadata): void {
  const values = metadata.get(SECURITY_HEADER.name);
  if (values.length === 1 && values[0] === SECURITY_HEADER.value) return;
  throw new SpoorError('HEADER_MISSING', 'security header missing from request');
}

/** What a call ends with that the daemon's stop cut short. */
export function stopping(): SpoorError {
  return new SpoorError('STOPPING', 'the daemon is stopping');
}

/** A second's worth may come at once. */
function rateOf(perSecond: number): Rate {
  return { perSecond, burst: Math.max(1, perSecond) };
}

function refusalOf(context: CallContext, error: unknown): Parameters<DeskRooms['refusals']['refused']>[0] {
  const { call, method, peerIfKnown: peer, instanceIfKnown: instance } = context;
  return {
    call,
    method,
    code: error instanceof SpoorError ? error.code : 'INVARIANT_BROKEN',
    ...(peer && { pid: peer.process.pid, uid: peer.process.uid }),
    ...(instance && { instance: instance.id }),
  };
}
