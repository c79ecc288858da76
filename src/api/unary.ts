import type { handleUnaryCall } from '@grpc/grpc-js';
import type { CallContext } from './call-context.js';
import type { Desk } from './desk.js';
import { received, type Received } from './received.js';

/** Answers one request. Gives a promise only when it has to wait: what is ready is sent in the same turn. */
export type Respond<Request, Response> = (
  request: Request,
  context: CallContext,
) => Response | Promise<Response>;

/** Turns a function into a unary handler: through the desk, and every failure into one status. */
export function unary<Request, Response>(
  desk: Desk,
  method: string,
  respond: Respond<Request, Response>,
): handleUnaryCall<Received<Request>, Response> {
  return (call, callback) => {
    const context = desk.open(method, call);
    const answer = (response: Response): void => {
      desk.answering(context);
      desk.done(context);
      callback(null, response);
    };
    const fail = (error: unknown): void => {
      // Nobody is there to be refused: what failed, failed because of that.
      if (context.ending === 'hung up') desk.done(context);
      else callback(desk.refuse(context, error));
    };
    try {
      desk.admit(context, call);
      const response = respond(received(call.request), context);
      if (!(response instanceof Promise)) return answer(response);
      call.on('cancelled', () => context.end('hung up'));
      void response.then(answer, fail);
    } catch (error) {
      fail(error);
    }
  };
}
