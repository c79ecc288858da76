const BASE64URL = /^[A-Za-z0-9_-]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Reads base64url without padding, in its one canonical form.
 *
 * Returns: the bytes, or undefined when a character, the length or the unused bits of the last character are wrong.
 * Source:  RFC 7515 section 2, RFC 4648 sections 3.5 and 5.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  if (!BASE64URL.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Node drops what it cannot read; only the canonical text comes back unchanged.
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/**
 * Reads standard base64 with padding, without line breaks, in its one canonical form.
 *
 * Returns: the bytes, or undefined when a character, the padding or the unused bits are wrong.
 * Source:  RFC 4648 sections 3.5 and 4.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
