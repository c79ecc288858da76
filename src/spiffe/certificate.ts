import { X509Certificate } from 'node:crypto';
import { SpoorError } from '../core/errors.js';
import { checkDer, DerReader } from '../encoding/der.js';
import { TAG } from '../encoding/der-node.js';
import * as extension from './certificate-extensions.js';

/** Signatures that are believed: SHA-2 with RSA (PKCS#1 and PSS) or ECDSA, and Ed25519. Never MD5 or SHA-1. */
const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);

/** What one certificate says, read from its DER. Names are kept as the bytes that they are compared by. */
export interface Certificate {
  readonly der: Buffer;
  readonly signatureAlgorithm: string;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: ReadonlyMap<string, extension.Extension>;
  readonly basicConstraints: extension.BasicConstraints;
  /** Undefined when the extension is absent. */
  readonly keyUsage: extension.KeyUsage | undefined;
  readonly subjectAltNames: readonly extension.GeneralName[];
  /** The same certificate, as node:crypto reads it. */
  readonly crypto: X509Certificate;
}

/**
 * Reads one X.509 v3 certificate, which must be all there is.
 *
 * Errors: DER_INVALID; also when an extension stands twice or the two signature algorithms differ.
 * Source: RFC 5280 sections 4.1 and 4.2.
 */
export function readCertificate(der: Uint8Array): Certificate {
  checkDer(der);
  const outer = DerReader.of(der);
  const certificate = outer.enter();
  const tbs = certificate.enter();
  const fields = readFields(tbs);
  const algorithm = certificate.enter();
  if (algorithm.oid() !== fields.signatureAlgorithm) throw invalid('the two signature algorithms differ');
  certificate.bitString();
  certificate.finish();
  return { der: Buffer.from(der), ...fields, crypto: openCertificate(der) };
}

/** Whether the issuer's key made the signature. Says nothing of names, validity or authority. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!SIGNATURE_ALGORITHMS.has(certificate.signatureAlgorithm)) return false;
  try {
    return certificate.crypto.verify(issuer.crypto.publicKey);
  } catch {
    // OpenSSL throws, where it could say no, for a key of a kind that it does not know.
    return false;
  }
}

/** Whether issuer and subject are one name: a CA that renewed its own key (RFC 5280 section 6.1). */
export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer.equals(subject);
}

function readFields(tbs: DerReader): Omit<Certificate, 'der' | 'crypto'> {
  readVersion(tbs);
  tbs.integer();
  const signatureAlgorithm = tbs.enter().oid();
  const issuer = tbs.raw(tbs.next(TAG.sequence));
  const validity = tbs.enter();
  const [notBefore, notAfter] = [validity.time(), validity.time()];
  validity.finish();
  const subject = tbs.raw(tbs.next(TAG.sequence));
  tbs.next(TAG.sequence);
  tbs.optional(0x81);
  tbs.optional(0x82);
  const extensions = readExtensions(tbs);
  tbs.finish();
  return { signatureAlgorithm, issuer, subject, notBefore, notAfter, ...extensions };
}

function readVersion(tbs: DerReader): void {
  const version = tbs.enter(0xa0).integer();
  if (version.length !== 1 || version[0] !== 2) throw invalid('it is not of version 3');
}

function readExtensions(
  tbs: DerReader,
): Pick<Certificate, 'extensions' | 'basicConstraints' | 'keyUsage' | 'subjectAltNames'> {
  const node = tbs.optional(0xa3);
  const extensions = new Map(node === undefined ? [] : extension.readExtensions(tbs.inside(node).enter()));
  return {
    extensions,
    basicConstraints: extension.readBasicConstraints(extensions.get(extension.OID.basicConstraints)),
    keyUsage: extension.readKeyUsage(extensions.get(extension.OID.keyUsage)),
    subjectAltNames: extension.readSubjectAltNames(extensions.get(extension.OID.subjectAltName)),
  };
}

function openCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new SpoorError('DER_INVALID', 'not a certificate: OpenSSL cannot read it', { cause });
  }
}

function invalid(why: string): SpoorError {
  return new SpoorError('DER_INVALID', `not a certificate: ${why}`);
}
