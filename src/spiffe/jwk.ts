import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';

const KEY_TYPES: ReadonlySet<unknown> = new Set(['RSA', 'EC']);
/** Members that only a private or a shared key has (RFC 7518 section 6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/**
 * Reads a public RSA or EC key from a JWK.
 *
 * Returns: the key, or undefined for another kind, a missing or senseless member, or a key that shows its private
 *          part, and so is nobody's any more.
 * Source:  RFC 7517 section 4, RFC 7518 section 6.
 */
export function readJwk(jwk: Readonly<Record<string, unknown>>): KeyObject | undefined {
  if (!KEY_TYPES.has(jwk['kty']) || SECRET_MEMBERS.some((member) => member in jwk)) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    // RFC 7517 section 5 treats such a key as one of an unknown kind; nothing more is to be learned from OpenSSL's words.
    return undefined;
  }
}

/** The public part of a key as JWK members: `kty` and what belongs to it, nothing else. */
export function writeJwk(key: KeyObject): webcrypto.JsonWebKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'jwk' });
}
