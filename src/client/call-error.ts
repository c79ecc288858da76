import { status, type ServiceError } from '@grpc/grpc-js';
import { SpoorError, type ErrorCode } from '../core/errors.js';

/** What each gRPC status of a Workload API says (Workload Endpoint section 6); all others may pass by themselves. */
const CODES: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.INVALID_ARGUMENT]: 'ARGUMENT_INVALID',
  [status.UNIMPLEMENTED]: 'NOT_OFFERED',
  [status.PERMISSION_DENIED]: 'IDENTITY_NOT_ISSUED',
  [status.RESOURCE_EXHAUSTED]: 'RATE_EXCEEDED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
};

/** The failure of one call as an error of ours. What the server said stays in the message. */
export function callError(error: unknown, method: string): SpoorError {
  if (error instanceof SpoorError) return error;
  if (!isServiceError(error)) {
    return new SpoorError('DAEMON_UNREACHABLE', `${method} failed`, { facts: { method }, cause: error });
  }
  const name = status[error.code] ?? String(error.code);
  return new SpoorError(CODES[error.code] ?? 'DAEMON_UNREACHABLE', `${method}: ${error.details || name}`, {
    facts: { method, status: name },
    cause: error,
  });
}

/**
 * Whether trying again is of no use: the call itself is wrong, or the server does not offer it.
 *
 * Source: Workload Endpoint section 6 (InvalidArgument), its appendix A and Workload API section 7 (Unimplemented).
 */
export function isFinal(error: SpoorError): boolean {
  return error.code === 'ARGUMENT_INVALID' || error.code === 'NOT_OFFERED';
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
