import { status, type ServiceError } from '@grpc/grpc-js';
import { ERRORS, SpoorError, type ErrorCode } from '../core/errors.js';
import { TRAILERS } from '../wire/admin.js';
import { unreachable } from './unreachable.js';

/** What a status means when the server said no more: one of another make, or none at all. */
const CODE_OF_STATUS: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.INVALID_ARGUMENT]: 'ARGUMENT_INVALID',
  [status.NOT_FOUND]: 'ARGUMENT_INVALID',
  [status.ALREADY_EXISTS]: 'ARGUMENT_INVALID',
  [status.PERMISSION_DENIED]: 'IDENTITY_NOT_ISSUED',
  [status.UNIMPLEMENTED]: 'NOT_OFFERED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.RESOURCE_EXHAUSTED]: 'RATE_EXCEEDED',
  [status.UNAVAILABLE]: 'DAEMON_UNREACHABLE',
};

/** What the daemon says to workloads goes without a code: by their words some are told apart. */
const CODE_OF_WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^security header missing/u, 'HEADER_MISSING'],
  [/^workload attestation failed/u, 'ATTESTATION_FAILED'],
  [/^rate limit exceeded/u, 'RATE_EXCEEDED'],
];

/**
 * Turns a failed call back into the error that the daemon raised: code from the trailers, message and call number
 * from the details.
 *
 * Takes: `path` — the socket that was called, for the case that nobody is there; undefined when it was no socket.
 */
export async function errorFromWire(cause: ServiceError, path: string | undefined): Promise<SpoorError> {
  const call = trailer(cause, TRAILERS.call);
  if (call === undefined && cause.code === status.UNAVAILABLE && path !== undefined) {
    return unreachable(path, cause);
  }
  const sent = trailer(cause, TRAILERS.code);
  const message = withoutCall(cause.details);
  // Words come first: to workloads SPIRE's one code stands for every failure to sign, and the words say which.
  const told = call === undefined ? undefined : codeInWords(message);
  const code = told ?? (isKnown(sent) ? sent : codeOf(cause.code, call !== undefined));
  const facts = {
    ...(call !== undefined && { call: Number(call) }),
    // A newer daemon's code has no row here: its own words then say what to do.
    ...(sent !== undefined && !isKnown(sent) && newerFacts(sent, trailer(cause, TRAILERS.remedy))),
  };
  return new SpoorError(code, message, { facts, cause });
}

/** The same for an error of the client library, which keeps what came over the wire as its cause. */
export async function errorFromClient(error: unknown, path: string | undefined): Promise<unknown> {
  const cause = error instanceof SpoorError ? error.cause : undefined;
  return isServiceError(cause) ? errorFromWire(cause, path) : error;
}

function codeOf(answered: status, isOurs: boolean): ErrorCode {
  // Somebody answered, so the daemon is there.
  if (isOurs && answered === status.UNAVAILABLE) return 'AUTHORITY_NOT_READY';
  return CODE_OF_STATUS[answered] ?? 'INVARIANT_BROKEN';
}

function codeInWords(message: string): ErrorCode | undefined {
  const named = /^(?:not available|could not fetch JWT-SVID): ([A-Z0-9_]+)$/u.exec(message)?.[1];
  return isKnown(named) ? named : CODE_OF_WORDS.find(([words]) => words.test(message))?.[1];
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}

function trailer(error: ServiceError, name: string): string | undefined {
  // No metadata where the error did not come over a connection, whatever the type says.
  const value = (error.metadata as ServiceError['metadata'] | undefined)?.get(name)[0];
  return value === undefined ? undefined : String(value);
}

function isKnown(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}

function newerFacts(code: string, remedy = ''): Readonly<Record<string, string>> {
  return { daemon_code: code, ...(remedy !== '' && { daemon_remedy: remedy }) };
}

/** The number stands in the facts already. */
function withoutCall(details: string): string {
  return details.replace(/ \(call \d+\)$/u, '');
}
