import { KeyObject, webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import type { Extension, JsonGeneralName } from '@peculiar/x509';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The library that issues; made by others, so that our own reading is not measured by our own writing. */
export async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** What a certificate is to say. What is left out is what a good leaf, or with `ca` a good authority, has. */
export interface CertificateWish {
  /** Empty for no subject at all. */
  readonly subject?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly uris?: readonly string[];
  readonly otherNames?: readonly JsonGeneralName[];
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Bits of KeyUsageFlags; null leaves the extension out. */
  readonly keyUsage?: number | null;
  readonly extendedKeyUsage?: readonly string[];
  readonly extra?: readonly Extension[];
  /** Extensions that are left out, by object identifier. */
  readonly without?: readonly string[];
}

/** A certificate with its key, which can issue others, whatever it says of itself. */
export class TestCertificate {
  readonly der: Buffer;
  readonly key: KeyObject;
  readonly pkcs8: Buffer;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #subject: string;

  private constructor(der: Buffer, keys: webcrypto.CryptoKeyPair, subject: string) {
    this.der = der;
    this.#keys = keys;
    this.#subject = subject;
    this.key = KeyObject.from(keys.privateKey);
    this.pkcs8 = this.key.export({ type: 'pkcs8', format: 'der' });
  }

  /** A self-signed certificate. */
  static async selfSigned(wish: CertificateWish): Promise<TestCertificate> {
    return make(wish, (der, keys, subject) => new TestCertificate(der, keys, subject));
  }

  /** A certificate that this one signs. `keys` are made unless another certificate's are given. */
  async issue(wish: CertificateWish, like?: TestCertificate): Promise<TestCertificate> {
    const issuer = { name: this.#subject, key: this.#keys.privateKey };
    return make(
      wish,
      (der, keys, subject) => new TestCertificate(der, keys, subject),
      issuer,
      like === undefined ? undefined : like.#keys,
    );
  }
}

async function make(
  wish: CertificateWish,
  build: (der: Buffer, keys: webcrypto.CryptoKeyPair, subject: string) => TestCertificate,
  issuer?: { readonly name: string; readonly key: webcrypto.CryptoKey },
  given?: webcrypto.CryptoKeyPair,
): Promise<TestCertificate> {
  const x509 = await loadX509();
  const keys = given ?? (await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']));
  const subject = wish.subject ?? (wish.ca ? 'O=Test Authority' : 'O=Test Leaf');
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.name ?? subject,
    publicKey: keys.publicKey,
    signingKey: issuer?.key ?? keys.privateKey,
    signingAlgorithm: P256,
    notBefore: wish.notBefore ?? new Date('2029-12-31T00:00:00Z'),
    notAfter: wish.notAfter ?? new Date('2030-01-02T00:00:00Z'),
    extensions: await extensionsOf(wish),
  });
  return build(Buffer.from(certificate.rawData), keys, subject);
}

async function extensionsOf(wish: CertificateWish): Promise<Extension[]> {
  const x509 = await loadX509();
  const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const usage =
    wish.keyUsage === undefined ? (wish.ca ? keyCertSign | cRLSign : digitalSignature) : wish.keyUsage;
  const names = [
    ...(wish.uris ?? []).map((value) => ({ type: 'url' as const, value })),
    ...(wish.otherNames ?? []),
  ];
  const all = [
    new x509.BasicConstraintsExtension(wish.ca ?? false, wish.pathLength, true),
    // A sum of flags is a number, and no flag itself.
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
    ...(usage === null ? [] : [new x509.KeyUsagesExtension(usage, true)]),
    ...(wish.extendedKeyUsage ? [new x509.ExtendedKeyUsageExtension([...wish.extendedKeyUsage])] : []),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names, wish.subject === '')] : []),
    ...(wish.extra ?? []),
  ];
  return all.filter(({ type }) => !wish.without?.includes(type));
}
