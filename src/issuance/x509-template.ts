import { hash } from 'node:crypto';
import type { X509Signer } from '../authority/authority-set.js';
import { der } from '../encoding/der.js';
import { P256_POINT_BYTES } from '../keys/p256.js';

/** Bytes of a serial number (RFC 5280 section 4.1.2.2 allows 20). */
export const SERIAL_BYTES = 16;
const KEY_ID_BYTES = 20;

const OID = {
  keyUsage: '2.5.29.15',
  subjectKeyId: '2.5.29.14',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  organization: '2.5.4.10',
} as const;

// digitalSignature (bit 0) and keyAgreement (bit 4); three bits of the byte are unused.
const KEY_USAGE = der.bitString(Buffer.from([0x88]), 3);
// Never empty, so that the SAN need not be critical (X509-SVID 3.1), and the same for all: the name is the SPIFFE ID.
const SUBJECT = der.sequence(der.set(der.sequence(der.oid(OID.organization), der.utf8('Spoor'))));

/** Who a certificate is for; it is the same for every instance of an entry. */
export interface X509Subject {
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
}

/** What differs from certificate to certificate. */
export interface X509Facts {
  /** 16 bytes; the first is from 0x01 to 0x7f, so that the number is positive and of that length. */
  readonly serial: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Uncompressed P-256 point. */
  readonly point: Buffer;
}

/**
 * The to-be-signed certificate of one subject and one signer, with holes for what differs.
 *
 * Source: decision 6; X509-SVID sections 2, 3.1, 4.1, 4.3, 4.4; RFC 5280 section 4.1.
 */
export class X509Template {
  readonly #signer: X509Signer;
  readonly #bytes: Buffer;
  readonly #holes: Holes;

  /** Takes: `validity`: any, in the form that it is written in: with two or four digits of the year. */
  constructor(subject: X509Subject, signer: X509Signer, validity: Validity) {
    this.#signer = signer;
    const serial = der.integer(Buffer.alloc(SERIAL_BYTES, 0x55));
    const dates = der.sequence(
      der.utcOrGeneralized(validity.notBefore),
      der.utcOrGeneralized(validity.notAfter),
    );
    const head = [
      der.explicit(0, der.integer(Buffer.from([2]))),
      serial,
      signer.signatureAlgorithm,
      signer.subject,
    ];
    const extensions = extensionsOf(subject, signer);
    const key = der.sequence(KEY_ALGORITHM, der.bitString(Buffer.alloc(P256_POINT_BYTES)));
    this.#bytes = der.sequence(...head, dates, SUBJECT, key, extensions);
    this.#holes = holesIn(this.#bytes, { head, dates, key, extensions });
  }

  /** Makes one certificate. Returns: DER. */
  mint(facts: X509Facts): Buffer {
    const tbs = Buffer.from(this.#bytes);
    const { serial, notBefore, notAfter, point, keyId } = this.#holes;
    tbs.set(facts.serial, serial);
    tbs.write(timeText(facts.notBefore), notBefore, 'latin1');
    tbs.write(timeText(facts.notAfter), notAfter, 'latin1');
    tbs.set(facts.point, point);
    // RFC 5280 section 4.2.1.2, method 1.
    tbs.set(hash('sha1', facts.point, 'buffer'), keyId);
    return der.sequence(tbs, this.#signer.signatureAlgorithm, der.bitString(this.#signer.sign(tbs)));
  }
}

interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Where in the template each value is written. */
interface Holes {
  readonly serial: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly point: number;
  readonly keyId: number;
}

interface Parts {
  readonly head: readonly Buffer[];
  readonly dates: Buffer;
  readonly key: Buffer;
  readonly extensions: Buffer;
}

/** Computed from the lengths of the parts, never searched for: names may hold any bytes. */
function holesIn(tbs: Buffer, { head, dates, key, extensions }: Parts): Holes {
  const [version, serial, ...rest] = head.map(({ length }) => length);
  const start = tbs.length - sum(head) - dates.length - SUBJECT.length - key.length - extensions.length;
  const serialEnd = start + (version ?? 0) + (serial ?? 0);
  const datesAt = serialEnd + rest.reduce((total, length) => total + length, 0);
  // SEQUENCE, then tag, length and text of each; the first says by its tag how long it is.
  const firstLength = dates[3] ?? 0;
  return {
    serial: serialEnd - SERIAL_BYTES,
    notBefore: datesAt + 4,
    notAfter: datesAt + 4 + firstLength + 2,
    point: datesAt + dates.length + SUBJECT.length + key.length - P256_POINT_BYTES,
    keyId: tbs.length - KEY_ID_BYTES,
  };
}

const KEY_ALGORITHM = der.sequence(der.oid(OID.ecPublicKey), der.oid(OID.prime256v1));

/** The subject key identifier stands last, so that its hole is at the end of the template. */
function extensionsOf({ spiffeId, dnsNames }: X509Subject, signer: X509Signer): Buffer {
  const names = [
    der.implicit(6, Buffer.from(spiffeId)),
    ...dnsNames.map((name) => der.implicit(2, Buffer.from(name))),
  ];
  return der.explicit(
    3,
    der.sequence(
      extension(OID.keyUsage, KEY_USAGE, true),
      extension(OID.extendedKeyUsage, der.sequence(der.oid(OID.serverAuth), der.oid(OID.clientAuth))),
      extension(OID.basicConstraints, der.sequence(), true),
      extension(OID.authorityKeyId, der.sequence(der.implicit(0, signer.subjectKeyId))),
      extension(OID.subjectAltName, der.sequence(...names)),
      extension(OID.subjectKeyId, der.octetString(Buffer.alloc(KEY_ID_BYTES))),
    ),
  );
}

function extension(oid: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

function sum(parts: readonly Buffer[]): number {
  return parts.reduce((total, { length }) => total + length, 0);
}

/** Which form of time a date is written in (RFC 5280 section 4.1.2.5). */
export function timeForm(date: Date): 'utc' | 'generalized' {
  return date.getUTCFullYear() < 2050 ? 'utc' : 'generalized';
}

function timeText(date: Date): string {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return `${timeForm(date) === 'utc' ? digits.slice(2) : digits}Z`;
}
