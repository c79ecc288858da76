import { status } from '@grpc/grpc-js';
import { SpoorError, type ErrorCode, type Kind } from '../core/errors.js';

/** Details travel percent-encoded in one header: beyond this, clients refuse the whole answer. */
const MAX_DETAILS = 1500;

/** Workload Endpoint section 6 gives a workload three codes to act on; INTERNAL is ours alone. */
const STATUS: Readonly<Record<Kind, status>> = {
  caller: status.INVALID_ARGUMENT, // report, do not retry
  workload: status.PERMISSION_DENIED, // retry with backoff
  wait: status.UNAVAILABLE, // retry with backoff
  operator: status.UNAVAILABLE, // the workload cannot mend our settings either
  bug: status.INTERNAL,
};

/** Codes for which gRPC or the SPIRE agent has a more exact answer than their kind. */
const EXACT: Readonly<Partial<Record<ErrorCode, status>>> = {
  // The SPIRE agent answers a caller that is gone, or has become another program, like a failed attestation.
  PEER_UNKNOWN: status.UNAVAILABLE,
  NOT_OFFERED: status.UNIMPLEMENTED,
  ADMIN_DENIED: status.PERMISSION_DENIED,
  LAUNCH_REFUSED: status.PERMISSION_DENIED,
  ENTRY_NOT_FOUND: status.NOT_FOUND,
  BUNDLE_NOT_FOUND: status.NOT_FOUND,
  AUTHORITY_NOT_FOUND: status.NOT_FOUND,
  DEFINITION_NOT_FOUND: status.NOT_FOUND,
  PROCESS_NOT_FOUND: status.NOT_FOUND,
  INSTANCE_NOT_FOUND: status.NOT_FOUND,
  SERVICE_NOT_FOUND: status.NOT_FOUND,
  ENTRY_EXISTS: status.ALREADY_EXISTS,
  DEFINITION_EXISTS: status.ALREADY_EXISTS,
};

/** The SPIRE agent's words, which clients and their users know. The log has ours. */
const SPIRE_WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  HEADER_MISSING: 'security header missing from request',
  PEER_UNKNOWN: 'workload attestation failed',
  ATTESTATION_FAILED: 'workload attestation failed',
  IDENTITY_NOT_ISSUED: 'no identity issued',
};

/** Code and details of an answer. */
export interface Answer {
  readonly code: status;
  readonly details: string;
}

/**
 * What a workload may see of an error: it learns its own fault, never our state. Facts and causes stay in our log.
 *
 * Source: Workload Endpoint section 6; the SPIRE agent's words.
 */
export function toWorkloadStatus(error: unknown, call: number): Answer {
  const code = codeOf(error);
  return { code, details: numbered(workloadWords(error), call) };
}

/** What an operator sees of an error: all of it but facts and causes, which are in the log. */
export function toAdminStatus(error: unknown, call: number): Answer {
  const known = error instanceof SpoorError && error.kind !== 'bug';
  return { code: codeOf(error), details: numbered(known ? error.message : 'internal error', call) };
}

function codeOf(error: unknown): status {
  if (!(error instanceof SpoorError)) return STATUS.bug;
  return EXACT[error.code] ?? STATUS[error.kind];
}

function workloadWords(error: unknown): string {
  if (!(error instanceof SpoorError) || error.kind === 'bug') return 'internal error';
  const words = SPIRE_WORDS[error.code];
  // A sentence that only goes on after those words says whose processes the daemon can attest at all.
  if (words !== undefined)
    return error.code === 'ATTESTATION_FAILED' && error.message.startsWith(words) ? error.message : words;
  return error.kind === 'operator' ? `not available: ${error.code}` : error.message;
}

/** A lone surrogate would make grpc-js send another status than ours. */
function numbered(words: string, call: number): string {
  return `${words.slice(0, MAX_DETAILS).toWellFormed()} (call ${call})`;
}
