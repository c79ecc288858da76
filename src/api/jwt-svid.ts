import { SpoorError } from '../core/errors.js';
import type { IssuedJwtSvid } from '../issuance/views.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import { writeJwtSvidResponse } from '../wire/responses.js';
import type { JWTSVIDRequest } from '../wire/workload-api.js';
import { notIssued } from './follow.js';
import { requestedSpiffeId } from './requested-spiffe-id.js';
import type { Rooms } from './rooms.js';
import type { Respond } from './unary.js';

/**
 * FetchJWTSVID: JWT-SVIDs for exactly the requested audiences, of all the caller's identities or of the one it names.
 *
 * Errors: ARGUMENT_INVALID without an audience; SPIFFE_ID_INVALID; IDENTITY_NOT_ISSUED when no entry matches, or none
 *         with the SPIFFE ID that was asked for; AUTHORITY_NOT_READY when it cannot be signed now.
 * Source: Workload API section 6.2.1.
 */
export function fetchJwtSvid({ views }: Rooms): Respond<JWTSVIDRequest, Buffer> {
  return (request, context) => {
    // Workload API 4.5: a mandatory field at its default is refused; an empty audience names nobody.
    if (request.audience.length === 0 || request.audience.includes('')) {
      throw new SpoorError('ARGUMENT_INVALID', 'audience must be specified');
    }
    const spiffeId = requestedSpiffeId(request.spiffe_id);
    const issue = (): readonly IssuedJwtSvid[] | Promise<readonly IssuedJwtSvid[]> =>
      views.jwt(context.instance, context, request.audience, spiffeId);

    const attested = context.attest();
    return attested instanceof Promise
      ? attested.then(() => answer(issue, spiffeId))
      : answer(issue, spiffeId);
  };
}

function answer(
  issue: () => readonly IssuedJwtSvid[] | Promise<readonly IssuedJwtSvid[]>,
  asked: SpiffeId | undefined,
): Buffer | Promise<Buffer> {
  try {
    const svids = issue();
    if (!(svids instanceof Promise)) return write(svids, asked);
    return svids.then((issued) => write(issued, asked), failed);
  } catch (error) {
    return failed(error);
  }
}

function write(svids: readonly IssuedJwtSvid[], asked: SpiffeId | undefined): Buffer {
  if (svids.length === 0) throw notIssued([], asked);
  return writeJwtSvidResponse(svids);
}

/** The SPIRE agent answers every failure to sign with UNAVAILABLE: the caller may try again. */
function failed(cause: unknown): never {
  if (cause instanceof SpoorError && (cause.kind === 'workload' || cause.kind === 'caller')) throw cause;
  const why = cause instanceof SpoorError ? cause.code : 'internal error';
  throw new SpoorError('AUTHORITY_NOT_READY', `could not fetch JWT-SVID: ${why}`, { cause });
}
