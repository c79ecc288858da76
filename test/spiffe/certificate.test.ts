import { rootCertificates } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { der } from '../../src/encoding/der.js';
import { readPem } from '../../src/encoding/pem.js';
import { readCertificate } from '../../src/spiffe/certificate.js';
import {
  OID,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
} from '../../src/spiffe/certificate-extensions.js';
import { outcome } from '../fakes/outcome.js';
import { loadX509, TestCertificate } from '../fakes/test-certificate.js';

let good: TestCertificate;

beforeAll(async () => {
  good = await TestCertificate.selfSigned({
    subject: 'O=Root',
    ca: true,
    pathLength: 3,
    uris: ['spiffe://example.org'],
    otherNames: [{ type: 'dns', value: 'example.org' }],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
  });
});

const extension = (value: Uint8Array): { critical: boolean; value: Buffer } => ({
  critical: true,
  value: Buffer.from(value),
});

describe('readCertificate', () => {
  it('reads what a certificate says', () => {
    const certificate = readCertificate(good.der);
    expect(certificate.der).toEqual(good.der);
    expect(certificate.issuer).toEqual(certificate.subject);
    expect(certificate.signatureAlgorithm).toBe('1.2.840.10045.4.3.2');
    expect(certificate.basicConstraints).toEqual({ ca: true, pathLength: 3 });
    expect(certificate.keyUsage).toMatchObject({ keyCertSign: true, crlSign: true, digitalSignature: false });
    expect(certificate.subjectAltNames.map(({ kind, bytes }) => `${kind} ${bytes.toString()}`)).toEqual([
      '6 spiffe://example.org',
      '2 example.org',
    ]);
    expect(certificate.notBefore.toISOString()).toBe('2029-12-31T00:00:00.000Z');
    expect(readExtendedKeyUsage(certificate.extensions.get(OID.extendedKeyUsage))).toEqual([
      '1.3.6.1.5.5.7.3.1',
    ]);
  });

  it('reads the public roots of the world as OpenSSL does', () => {
    expect(rootCertificates.length).toBeGreaterThan(100);
    for (const pem of rootCertificates) {
      const [{ bytes } = { bytes: Buffer.alloc(0) }] = readPem(pem, 'CERTIFICATE');
      const known = new X509Certificate(bytes);
      const read = outcome(() => readCertificate(bytes));
      expect(read).toMatchObject({
        notBefore: known.validFromDate,
        notAfter: known.validToDate,
        basicConstraints: { ca: known.ca },
      });
    }
  });

  it('refuses anything before, behind or inside that does not belong', async () => {
    const x509 = await loadX509();
    const twice = new x509.Extension('1.2.3', false, der.null());
    const doubled = await TestCertificate.selfSigned({ extra: [twice, twice] });
    const cases = [
      Buffer.alloc(0),
      Buffer.concat([good.der, Buffer.alloc(1)]),
      good.der.subarray(1),
      doubled.der,
      der.sequence(),
    ];
    expect(cases.map((bytes) => outcome(() => readCertificate(bytes)))).toEqual(
      cases.map(() => 'DER_INVALID'),
    );
  });

  it('refuses versions 1 and 2', () => {
    const at = good.der.indexOf(Buffer.from('a003020102', 'hex'));
    for (const version of [0, 1, 3]) {
      const changed = Buffer.from(good.der);
      changed[at + 4] = version;
      expect(outcome(() => readCertificate(changed))).toBe('DER_INVALID');
    }
  });
});

describe('the extensions', () => {
  it.each([
    ['3000', { ca: false }],
    ['30030101ff', { ca: true }],
    ['3003010100', { ca: false }],
    ['30060101ff020100', { ca: true, pathLength: 0 }],
    ['30070101ff02020100', { ca: true, pathLength: 256 }],
    ['30060101ff0201ff', 'DER_INVALID'],
    ['30080101ff0203010000', 'DER_INVALID'],
    ['3003010101', 'DER_INVALID'],
    ['30030101ff00', 'DER_INVALID'],
    ['0101ff', 'DER_INVALID'],
  ])('read basic constraints of %s', (hex, expected) => {
    expect(outcome(() => readBasicConstraints(extension(Buffer.from(hex, 'hex'))))).toEqual(expected);
  });

  it('read each bit of a key usage, in every combination', () => {
    const bits = {
      digitalSignature: 0x80,
      keyEncipherment: 0x20,
      keyAgreement: 0x08,
      keyCertSign: 0x04,
      crlSign: 0x02,
    };
    for (let byte = 0; byte < 256; byte += 1) {
      const usage = readKeyUsage(extension(der.bitString(Buffer.from([byte]))));
      const expected = Object.entries(bits).map(([name, bit]) => [name, (byte & bit) !== 0]);
      expect(usage).toEqual(Object.fromEntries(expected));
    }
    expect(readKeyUsage(extension(der.bitString(Buffer.alloc(0))))).toMatchObject({
      digitalSignature: false,
    });
    expect(readKeyUsage(undefined)).toBeUndefined();
  });
});
