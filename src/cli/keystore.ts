import { createHash, createHmac, randomBytes } from 'node:crypto';
import type * as Forge from 'node-forge';
import type { X509Context } from '../client/x509-responses.js';
import { SpoorError } from '../core/errors.js';
import { der } from '../encoding/der.js';
import type { X509Svid } from '../spiffe/x509-svid.js';
import { writeFileAtomic } from '../state/atomic-file.js';
import { unwritable } from './svid-files.js';

const ITERATIONS = 10_000;
const SALT_BYTES = 16;
const MAC_KEY_BYTES = 32;
/** RFC 7292 appendix B.3: material for a MAC. */
const MAC_KEY_ID = 3;
/** What Java calls the key by. */
const ALIAS = 'spiffe';

/** RFC 7292 section 4 and appendix D; the last is Oracle's mark of a certificate that Java shall trust. */
const OID = {
  data: '1.2.840.113549.1.7.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const;

/**
 * Writes the default identity as a PKCS#12 file, for programs in Java and .NET: its key (AES-256, PBKDF2) and chain
 * under the name `spiffe`, and the authorities of its trust domain as trusted certificates.
 *
 * Returns: the path.
 * Errors:  ARGUMENT_INVALID when the file cannot be written.
 * Source:  RFC 7292.
 */
export async function writeKeystore(file: string, context: X509Context, password: string): Promise<string> {
  const [svid] = context.svids;
  if (svid === undefined) throw new SpoorError('INVARIANT_BROKEN', 'an answer has no SVID');
  const authorities = context.bundles.get(svid.id.trustDomain)?.x509Authorities ?? [];
  // Here and nowhere else: it is large, and everything else is done by node:crypto.
  const { default: forge } = await import('node-forge');
  const bytes = keystore(svid, authorities, password, forge);
  try {
    await writeFileAtomic(file, bytes, 0o600);
  } catch (cause) {
    throw unwritable(file, cause);
  }
  return file;
}

function keystore(
  svid: X509Svid,
  authorities: readonly Uint8Array[],
  password: string,
  forge: typeof Forge,
): Buffer {
  const [leaf, ...rest] = svid.chain.map(({ raw }) => raw);
  if (leaf === undefined) throw new SpoorError('INVARIANT_BROKEN', 'an SVID has no certificate');
  // The name of a key is any that its certificate has too; the digest is what others use.
  const keyId = attribute(OID.localKeyId, der.octetString(createHash('sha1').update(leaf).digest()));
  const content = der.sequence(
    contentInfo(
      der.sequence(keyBag(encrypted(svid, password, forge), attribute(OID.friendlyName, bmp(ALIAS)), keyId)),
    ),
    contentInfo(
      der.sequence(
        certificateBag(leaf, attribute(OID.friendlyName, bmp(ALIAS)), keyId),
        ...rest.map((certificate) => certificateBag(certificate)),
        ...authorities.map(trustedBag),
      ),
    ),
  );
  const version = der.integer(Buffer.from([3]));
  return der.sequence(version, contentInfo(content), macOf(content, password, forge));
}

/** EncryptedPrivateKeyInfo. */
function encrypted({ privateKey }: X509Svid, password: string, forge: typeof Forge): Buffer {
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' });
  const info = forge.asn1.fromDer(plain.toString('binary'));
  const sealed = forge.pki.encryptPrivateKeyInfo(info, forge.util.encodeUtf8(password), {
    algorithm: 'aes256',
    count: ITERATIONS,
    saltSize: SALT_BYTES,
    prfAlgorithm: 'sha256',
  });
  return Buffer.from(forge.asn1.toDer(sealed).getBytes(), 'binary');
}

function keyBag(key: Uint8Array, ...attributes: readonly Buffer[]): Buffer {
  return der.sequence(der.oid(OID.shroudedKeyBag), der.explicit(0, key), der.set(...attributes));
}

function certificateBag(certificate: Uint8Array, ...attributes: readonly Buffer[]): Buffer {
  const value = der.sequence(der.oid(OID.x509Certificate), der.explicit(0, der.octetString(certificate)));
  const set = attributes.length === 0 ? [] : [der.set(...attributes)];
  return der.sequence(der.oid(OID.certificateBag), der.explicit(0, value), ...set);
}

function trustedBag(certificate: Uint8Array, at: number): Buffer {
  const name = attribute(OID.friendlyName, bmp(`${ALIAS}-authority-${at}`));
  return certificateBag(certificate, name, attribute(OID.trustedKeyUsage, der.oid(OID.anyExtendedKeyUsage)));
}

function contentInfo(content: Uint8Array): Buffer {
  return der.sequence(der.oid(OID.data), der.explicit(0, der.octetString(content)));
}

function attribute(oid: string, value: Uint8Array): Buffer {
  return der.sequence(der.oid(oid), der.set(value));
}

function macOf(content: Uint8Array, password: string, forge: typeof Forge): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const key = forge.pkcs12.generateKey(
    password,
    forge.util.createBuffer(salt.toString('binary')),
    MAC_KEY_ID,
    ITERATIONS,
    MAC_KEY_BYTES,
    forge.md.sha256.create(),
  );
  const mac = createHmac('sha256', Buffer.from(key.getBytes(), 'binary')).update(content).digest();
  const algorithm = der.sequence(der.oid(OID.sha256), der.null());
  const iterations = Buffer.from([ITERATIONS >> 8, ITERATIONS & 0xff]);
  return der.sequence(
    der.sequence(algorithm, der.octetString(mac)),
    der.octetString(salt),
    der.integer(iterations),
  );
}

/** BMPString: UTF-16, big end first. The names are short and our own. */
function bmp(text: string): Buffer {
  const BMP_STRING = 0x1e;
  const content = Buffer.from(text, 'utf16le').swap16();
  return Buffer.concat([Buffer.from([BMP_STRING, content.length]), content]);
}
