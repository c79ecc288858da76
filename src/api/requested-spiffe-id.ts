import { SpoorError } from '../core/errors.js';
import { SpiffeId } from '../spiffe/spiffe-id.js';

/**
 * Reads the SPIFFE ID of a request; undefined when it names none, which means all of the caller's.
 *
 * Errors: SPIFFE_ID_INVALID in the SPIRE agent's words.
 */
export function requestedSpiffeId(text: string): SpiffeId | undefined {
  if (text === '') return undefined;
  try {
    return SpiffeId.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new SpoorError('SPIFFE_ID_INVALID', `invalid requested SPIFFE ID: ${why}`, { cause });
  }
}
