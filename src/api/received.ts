import { SpoorError } from '../core/errors.js';

/** A request that could not be read. It is refused at the desk, with a number, and not by grpc-js, without one. */
export class Malformed {
  readonly error: SpoorError;

  constructor(error: SpoorError) {
    this.error = error;
  }
}

/** A request as it reaches a handler. */
export type Received<Request> = Request | Malformed;

/** Makes a deserialiser that never throws. */
export function reading<Request>(read: (bytes: Buffer) => Request): (bytes: Buffer) => Received<Request> {
  return (bytes) => {
    try {
      return read(bytes);
    } catch (error) {
      return new Malformed(
        error instanceof SpoorError
          ? error
          : new SpoorError('ARGUMENT_INVALID', 'the request is not a protobuf message', { cause: error }),
      );
    }
  };
}

/** The request. Errors: ARGUMENT_INVALID when it could not be read. */
export function received<Request>(request: Received<Request>): Request {
  if (request instanceof Malformed) throw request.error;
  return request;
}
