import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { CallContext } from './call-context.js';
import { stopping, type Desk } from './desk.js';
import { received, type Received } from './received.js';

/** Where a stream's messages come from. Each replaces the one before it (Workload API section 4.3). */
export interface Source<Response> extends Disposable {
  /** What is to be said now; undefined when there is nothing new in it. */
  next(): Response | undefined | Promise<Response | undefined>;
  /** Calls `listener` once when `next` would have something else to say; the function that it gives takes that back. */
  onDue(listener: () => void): () => void;
}

/** Answers one request with a source of messages. */
export type Watch<Request, Response> = (request: Request, context: CallContext) => Source<Response>;

/**
 * Turns a source into a stream handler. Back-pressure, hang-ups, the daemon's stop and errors are handled here.
 *
 * The source is asked for the next message when the last one has gone out, so a slow reader skips to the newest state;
 * between two messages a stream holds no promise and no message, only its place in the source's list of listeners.
 *
 * A stream that is cut by the daemon's stop ends with UNAVAILABLE: java-spiffe takes OK for "nothing will ever come
 * again" and stops watching, while every SPIFFE library reconnects after UNAVAILABLE (Workload Endpoint section 6).
 */
export function serverStream<Request, Response>(
  desk: Desk,
  method: string,
  watch: Watch<Request, Response>,
): handleServerStreamingCall<Received<Request>, Response> {
  return (call) => {
    const context = desk.open(method, call);
    call.on('cancelled', () => context.end('hung up'));
    try {
      desk.admit(context, call);
      new Stream(call, context, desk, watch(received(call.request), context)).proceed();
    } catch (error) {
      call.emit('error', desk.refuse(context, error));
    }
  };
}

class Stream<Response> {
  readonly #call: ServerWritableStream<unknown, Response>;
  readonly #context: CallContext;
  readonly #desk: Desk;
  readonly #source: Source<Response>;

  constructor(
    call: ServerWritableStream<unknown, Response>,
    context: CallContext,
    desk: Desk,
    source: Source<Response>,
  ) {
    this.#call = call;
    this.#context = context;
    this.#desk = desk;
    this.#source = source;
  }

  /** Says what is due, then waits for the next; ends the stream when the call is over. Never throws. */
  readonly proceed = (): void => {
    if (this.#context.ending !== undefined) return this.#end();
    try {
      const message = this.#source.next();
      if (!(message instanceof Promise)) return this.#say(message);
      void message.then((ready) => this.#say(ready)).catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  };

  #say(message: Response | undefined): void {
    if (message === undefined) return this.#await();
    this.#desk.answering(this.#context);
    const write = (done: () => void): (() => void) => {
      this.#call.write(message, done);
      return nothing;
    };
    this.#context.park(write, () => this.#await());
  }

  #await(): void {
    this.#context.park((done) => this.#source.onDue(done), this.proceed);
  }

  #end(): void {
    if (this.#context.ending === 'stopping') return this.#fail(stopping());
    this.#source[Symbol.dispose]();
    this.#desk.done(this.#context);
  }

  #fail(error: unknown): void {
    this.#source[Symbol.dispose]();
    // Nobody is there to be refused: what failed, failed because of that.
    if (this.#context.ending === 'hung up') this.#desk.done(this.#context);
    else this.#call.emit('error', this.#desk.refuse(this.#context, error));
  }
}

function nothing(): void {}
