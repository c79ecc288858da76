import { SpoorError } from '../core/errors.js';
import { connectFailure } from './connect-failure.js';

/** Says why nobody could be reached at a socket, by trying once more without gRPC. */
export async function unreachable(path: string, cause?: unknown): Promise<SpoorError> {
  const why = await connectFailure(path);
  if (why === 'EACCES' || why === 'EPERM') {
    return new SpoorError('ADMIN_DENIED', `this user may not connect to ${path}`, {
      facts: { socket: path },
      cause,
    });
  }
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such socket',
    ECONNREFUSED: 'nobody listens there',
    ENOTSOCK: 'that is not a socket',
  };
  const reason = why === undefined ? 'it hung up' : (reasons[why] ?? why);
  return new SpoorError('DAEMON_UNREACHABLE', `no daemon answers at ${path}: ${reason}`, {
    facts: { socket: path },
    cause,
  });
}
