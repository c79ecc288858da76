import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { CallContext } from './call-context.js';
import { stopping, type Desk } from './desk.js';
import { received, type Received } from './received.js';

/**
 * Answers one request with messages, each of which replaces the one before it. Ends when `context.ending` is set; while
 * a message is on its way to a slow reader it is not asked for the next one, so that reader skips to the newest state.
 */
export type Watch<Request, Response> = (request: Request, context: CallContext) => AsyncIterable<Response>;

/**
 * Turns an async generator into a stream handler. Back-pressure, hang-ups, the daemon's stop and errors are handled here.
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
    void pump(call, context, desk, watch);
  };
}

/** Never rejects: every failure becomes the status of the stream. */
async function pump<Request, Response>(
  call: ServerWritableStream<Received<Request>, Response>,
  context: CallContext,
  desk: Desk,
  watch: Watch<Request, Response>,
): Promise<void> {
  try {
    desk.admit(context, call);
    for await (const message of watch(received(call.request), context)) {
      await written(call, context, message);
      if (context.ending !== undefined) break;
    }
    if (context.ending === 'stopping') throw stopping();
    desk.done(context);
    call.end();
  } catch (error) {
    // Nobody is there to be refused: what failed, failed because of that.
    if (context.ending === 'hung up') desk.done(context);
    else call.emit('error', desk.refuse(context, error));
  }
}

/** Resolves when the message has gone out, or the call is over. */
function written<Response>(
  call: ServerWritableStream<unknown, Response>,
  context: CallContext,
  message: Response,
): Promise<void> {
  return context.wait((done) => {
    call.write(message, done);
    return () => {};
  });
}
