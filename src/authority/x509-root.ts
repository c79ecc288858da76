import { createHash, KeyObject, webcrypto } from 'node:crypto';
import type { TrustDomain } from '../spiffe/trust-domain.js';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface NewRoot {
  /** DER. */
  readonly certificate: Buffer;
  readonly key: KeyObject;
}

/**
 * Makes a self-signed root of a trust domain with a new P-256 key.
 *
 * The certificate is itself an SVID of the trust domain, without a path, and may sign certificates and revocation
 * lists and nothing else.
 *
 * Takes:  `serial`: 16 unpredictable bytes.
 * Source: X509-SVID sections 3.2, 4.1, 4.3 and Appendix A; RFC 5280 section 4.1.2.6 wants a subject, and a subject of
 *         its own for each root lets path builders tell them apart without trying.
 */
export async function createRoot(
  trustDomain: TrustDomain,
  validity: { readonly notBefore: Date; readonly notAfter: Date },
  serial: Uint8Array,
): Promise<NewRoot> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } = x509;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    ...validity,
    serialNumber: serialOf(serial),
    name: [{ O: ['Spoor'] }, { CN: [`root ${serialOf(serial).slice(0, 16)}`] }],
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: trustDomain.id.toString() }]),
    ],
  });
  return { certificate: Buffer.from(certificate.rawData), key: KeyObject.from(keys.privateKey) };
}

/** What an X.509 authority is called: the start of its certificate's SHA-256 fingerprint. */
export function x509IdOf(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('hex').slice(0, 32);
}

/** Positive and of full length: neither sign bit nor leading zero (RFC 5280 section 4.1.2.2). */
function serialOf(random: Uint8Array): string {
  const serial = Buffer.from(random);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial.toString('hex');
}

/** 44 ms to load, so only when a root is made; it needs the metadata library before it. */
async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
