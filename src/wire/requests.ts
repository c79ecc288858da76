import { SpoorError } from '../core/errors.js';
import { textFields } from './message-reader.js';
import type { JWTSVIDRequest, ValidateJWTSVIDRequest, WITSVIDRequest } from './workload-api.js';

/** Audiences of one JWT-SVID. Each is a target that could replay the token: JWT-SVID 7.2 recommends a single one. */
export const MAX_AUDIENCES = 32;
/** Bytes of one audience: as long as the longest SPIFFE ID. */
export const MAX_AUDIENCE_BYTES = 2048;
/** Bytes of all of them: a longer token fits in no header, and its audiences stand in the record too. */
export const MAX_AUDIENCES_BYTES = 8192;

/**
 * Reads a JWTSVIDRequest.
 *
 * Errors: ARGUMENT_INVALID for more than 32 audiences, for one of more than 2,048 bytes or 8,192 in all, and for what is
 *         no message.
 */
export function readJwtSvidRequest(bytes: Buffer): JWTSVIDRequest {
  const audience: string[] = [];
  let spiffe_id = '';
  for (const { field, text } of textFields(bytes)) {
    if (field === 1) audience.push(checkedAudience(text));
    if (field === 2) spiffe_id = text;
    if (audience.length > MAX_AUDIENCES) {
      throw new SpoorError('ARGUMENT_INVALID', `more than ${MAX_AUDIENCES} audiences`);
    }
  }
  if (audience.reduce((sum, one) => sum + Buffer.byteLength(one), 0) > MAX_AUDIENCES_BYTES) {
    throw new SpoorError('ARGUMENT_INVALID', `audiences of more than ${MAX_AUDIENCES_BYTES} bytes in all`);
  }
  return { audience, spiffe_id };
}

/** Reads a ValidateJWTSVIDRequest. Errors: ARGUMENT_INVALID, as for a JWTSVIDRequest. */
export function readValidateJwtSvidRequest(bytes: Buffer): ValidateJWTSVIDRequest {
  let audience = '';
  let svid = '';
  for (const { field, text } of textFields(bytes)) {
    if (field === 1) audience = checkedAudience(text);
    if (field === 2) svid = text;
  }
  return { audience, svid };
}

/** Reads a WITSVIDRequest. Errors: ARGUMENT_INVALID for what is no message. */
export function readWitSvidRequest(bytes: Buffer): WITSVIDRequest {
  let spiffe_id = '';
  for (const { field, text } of textFields(bytes)) if (field === 1) spiffe_id = text;
  return { spiffe_id };
}

/** Reads a request that has no fields. Errors: ARGUMENT_INVALID for what is no message. */
export function readEmptyRequest(bytes: Buffer): Readonly<Record<string, never>> {
  for (const _ of textFields(bytes)) continue;
  return {};
}

function checkedAudience(text: string): string {
  if (Buffer.byteLength(text) <= MAX_AUDIENCE_BYTES) return text;
  throw new SpoorError('ARGUMENT_INVALID', `an audience of more than ${MAX_AUDIENCE_BYTES} bytes`);
}
