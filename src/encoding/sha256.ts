import { createHash } from 'node:crypto';

/** The SHA-256 digest of bytes that are all there, as lower-case hex. Source: FIPS 180-4. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
