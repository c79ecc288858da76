import { createHash, createPublicKey, sign as cryptoSign, type KeyObject } from 'node:crypto';
import { SpoorError } from '../core/errors.js';
import { der, DerReader } from '../encoding/der.js';
import { jwsSigner } from '../encoding/jws.js';
import { OID } from '../spiffe/certificate-extensions.js';
import { readCertificate, type Certificate } from '../spiffe/certificate.js';
import type { AuthorityRecord, TokenPublic, X509Public } from './authority-record.js';
import type { TokenSigner, X509Signer } from './authority-set.js';

/** How one kind of key signs certificates: hash and AlgorithmIdentifier. */
interface SignatureScheme {
  readonly hash: string;
  readonly identifier: Buffer;
}

const ECDSA: Readonly<Record<string, readonly [hash: string, oid: string]>> = {
  prime256v1: ['sha256', '1.2.840.10045.4.3.2'],
  secp384r1: ['sha384', '1.2.840.10045.4.3.3'],
  secp521r1: ['sha512', '1.2.840.10045.4.3.4'],
};
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const MIN_RSA_BITS = 2_048;

/**
 * The scheme that suits a signing key, or undefined when there is none.
 *
 * Source: RFC 5758 section 3.2 (no parameters with ECDSA), RFC 4055 section 5 (NULL with RSA).
 */
export function schemeOf(key: KeyObject): SignatureScheme | undefined {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= MIN_RSA_BITS) {
    return { hash: 'sha256', identifier: der.sequence(der.oid(SHA256_WITH_RSA), der.null()) };
  }
  const [hash, oid] = (key.asymmetricKeyType === 'ec' && ECDSA[namedCurve]) || [];
  return hash === undefined || oid === undefined
    ? undefined
    : { hash, identifier: der.sequence(der.oid(oid)) };
}

/**
 * Makes a signer of an X.509 authority.
 *
 * Takes:  `key`: undefined when it may not sign any more; then `sign` throws AUTHORITY_NOT_READY.
 * Errors: KEY_UNREADABLE when the key is not the certificate's.
 */
export function x509SignerOf(
  record: AuthorityRecord,
  half: X509Public,
  key: KeyObject | undefined,
): X509Signer {
  const certificate = readCertificate(half.certificate);
  const scheme = schemeOf(certificate.crypto.publicKey);
  if (scheme === undefined || (key && !certificate.crypto.checkPrivateKey(key))) throw mismatch(record);
  return {
    id: record.id,
    certificate: half.certificate,
    chain: half.chain,
    subject: certificate.subject,
    subjectKeyId: subjectKeyIdOf(certificate),
    notBefore: record.notBefore,
    notAfter: record.notAfter,
    signatureAlgorithm: scheme.identifier,
    sign: (tbs) => cryptoSign(scheme.hash, tbs, key ?? spent(record)),
  };
}

/** As `x509SignerOf`, for the tokens of the JWT and WIT authorities. */
export function tokenSignerOf(
  record: AuthorityRecord,
  half: TokenPublic,
  key: KeyObject | undefined,
): TokenSigner {
  if (key && !createPublicKey(key).equals(half.publicKey)) throw mismatch(record);
  const { algorithm } = half;
  const sign = key && jwsSigner(key, algorithm);
  return {
    kid: record.id,
    algorithm,
    notBefore: record.notBefore,
    notAfter: record.notAfter,
    sign: (header, claims) => (sign ?? spent(record))({ alg: algorithm, kid: record.id, ...header }, claims),
  };
}

/** The extension when the certificate has it, else SHA-1 of the key (RFC 5280 section 4.2.1.2, method 1). */
function subjectKeyIdOf(certificate: Certificate): Buffer {
  const extension = certificate.extensions.get(OID.subjectKeyIdentifier);
  if (extension !== undefined) return DerReader.of(extension.value).octetString();
  const spki = DerReader.of(certificate.crypto.publicKey.export({ type: 'spki', format: 'der' })).enter();
  spki.enter();
  return createHash('sha1').update(spki.bitString().bytes).digest();
}

function spent({ profile, id }: AuthorityRecord): never {
  throw new SpoorError('AUTHORITY_NOT_READY', `the ${profile} authority does not sign any more`, {
    facts: { id },
  });
}

function mismatch({ profile, id }: AuthorityRecord): SpoorError {
  return new SpoorError('KEY_UNREADABLE', `the key of the ${profile} authority ${id} is another one's`, {
    facts: { id },
  });
}
