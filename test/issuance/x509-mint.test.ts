import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { X509Signer } from '../../src/authority/authority-set.js';
import { X509Mint } from '../../src/issuance/x509-mint.js';
import { P256Keys } from '../../src/keys/p256.js';
import { Bundle } from '../../src/spiffe/bundle.js';
import { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { validateX509Svid } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import { AuthorityRoom, TRUST_DOMAIN } from '../fakes/authority-room.js';
import { loadX509 } from '../fakes/test-certificate.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const BETWEEN = new Date('2030-01-01T00:05:00Z');
const END = new Date('2030-01-01T00:15:00Z');
const WEB = { spiffeId: 'spiffe://example.org/web', dnsNames: [] };

async function signerOf(room: AuthorityRoom): Promise<X509Signer> {
  return (await room.authorities()).set.current.value.x509;
}

/** Reads a certificate with the library of others. */
async function read(der: Buffer) {
  const x509 = await loadX509();
  const certificate = new x509.X509Certificate(der);
  return {
    certificate,
    usage: certificate.getExtension(x509.KeyUsagesExtension),
    extended: certificate.getExtension(x509.ExtendedKeyUsageExtension),
    constraints: certificate.getExtension(x509.BasicConstraintsExtension),
    names: certificate.getExtension(x509.SubjectAlternativeNameExtension),
    keyId: certificate.getExtension(x509.SubjectKeyIdentifierExtension),
    issuerKeyId: certificate.getExtension(x509.AuthorityKeyIdentifierExtension),
    flags: x509.KeyUsageFlags,
  };
}

describe('a root', () => {
  it('is what the standard wants of a signing certificate, and no more', async () => {
    await using room = await AuthorityRoom.open();
    const { certificate: der } = await signerOf(room);
    const root = await read(der);
    const { keyCertSign, cRLSign } = root.flags;
    clause(['X509-3.2a', 'X509-4.3b'], () => {
      expect(root.usage?.usages).toBe(keyCertSign | cRLSign);
      expect(root.constraints?.ca).toBe(true);
    });
    clause('X509-4.1b', () => expect(root.constraints?.critical).toBe(true));
    clause('X509-4.3a', () => expect(root.usage?.critical).toBe(true));
    clause(['X509-3.2b', 'X509-3.2c', 'X509-3.2d', 'ID-3.1a', 'ID-3.1b'], () => {
      const names = root.names?.names.toJSON();
      expect(names).toEqual([{ type: 'url', value: 'spiffe://example.org' }]);
    });
    await clause('X509-6.1d', async () => {
      expect(root.certificate.issuer).toBe(root.certificate.subject);
      expect(await root.certificate.verify({ date: NOW })).toBe(true);
    });
    expect(new X509Certificate(der).ca).toBe(true);
    expect(root.certificate.subject).toMatch(/^O=Spoor, CN=root [0-9a-f]{16}$/);
  });
});

describe('a leaf', () => {
  it('is what the standard wants of an X509-SVID', async () => {
    await using room = await AuthorityRoom.open();
    const signer = await signerOf(room);
    const minted = new X509Mint(new P256Keys()).mint(WEB, signer, NOW, END);
    const leaf = await read(minted.certificate);
    clause('X509-2a', () => {
      expect(leaf.names?.names.toJSON()).toEqual([{ type: 'url', value: WEB.spiffeId }]);
      expect(new X509Certificate(minted.certificate).subjectAltName).toBe(`URI:${WEB.spiffeId}`);
    });
    clause('X509-3.1a', () => {
      const [name] = leaf.names?.names.toJSON() ?? [];
      expect(SpiffeId.parse(String(name?.value)).path).toBe('/web');
    });
    clause('X509-3.1b', () => expect(leaf.certificate.subject).toBe('O=Spoor'));
    clause(['X509-4.1b', 'AMB-8'], () => {
      expect(leaf.constraints?.ca).toBe(false);
      expect(leaf.constraints?.critical).toBe(true);
      expect(new X509Certificate(minted.certificate).ca).toBe(false);
    });
    clause(['X509-4.3a', 'X509-4.3c'], () => {
      expect(leaf.usage?.critical).toBe(true);
      expect(leaf.usage?.usages).toBe(leaf.flags.digitalSignature | leaf.flags.keyAgreement);
    });
    clause('X509-4.4a', () => {
      expect(leaf.extended?.usages).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    });
  });

  it('holds for both libraries: signature, key, validity, key identifiers, serial and fingerprint', async () => {
    await using room = await AuthorityRoom.open();
    const signer = await signerOf(room);
    const minted = new X509Mint(new P256Keys()).mint(WEB, signer, NOW, END);
    const leaf = await read(minted.certificate);
    const root = await read(signer.certificate);
    const crypto = new X509Certificate(minted.certificate);

    expect(await leaf.certificate.verify({ publicKey: root.certificate.publicKey, date: BETWEEN })).toBe(
      true,
    );
    expect(crypto.verify(new X509Certificate(signer.certificate).publicKey)).toBe(true);
    expect(crypto.checkIssued(new X509Certificate(signer.certificate))).toBe(true);
    expect(crypto.checkPrivateKey(createPrivateKey({ key: minted.key, type: 'pkcs8', format: 'der' }))).toBe(
      true,
    );
    expect([leaf.certificate.notBefore, leaf.certificate.notAfter]).toEqual([NOW, END]);
    expect(leaf.issuerKeyId?.keyId).toBe(root.keyId?.keyId);
    const x509 = await loadX509();
    const ownId = await x509.SubjectKeyIdentifierExtension.create(leaf.certificate.publicKey);
    expect(leaf.keyId?.keyId).toBe(ownId.keyId);
    expect(crypto.serialNumber.toLowerCase()).toBe(minted.serial);
    expect(crypto.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(minted.fingerprint);
    const bundle = Bundle.of(TRUST_DOMAIN, { x509Authorities: [signer.certificate] });
    expect(validateX509Svid([minted.certificate], bundle, NOW).toString()).toBe(WEB.spiffeId);
  });

  it('has the DNS names of its entry beside the one URI', async () => {
    await using room = await AuthorityRoom.open();
    const dnsNames = ['web.example.org', '*.web.example.org'];
    const { certificate } = new X509Mint(new P256Keys()).mint(
      { ...WEB, dnsNames },
      await signerOf(room),
      NOW,
      END,
    );
    const names = (await read(certificate)).names?.names.toJSON();
    expect(names).toEqual([
      { type: 'url', value: WEB.spiffeId },
      ...dnsNames.map((value) => ({ type: 'dns', value })),
    ]);
  });

  it('has its own key and serial each time, never negative and never short', async () => {
    await using room = await AuthorityRoom.open();
    const [mint, signer] = [new X509Mint(new P256Keys()), await signerOf(room)];
    const minted = Array.from({ length: 600 }, () => mint.mint(WEB, signer, NOW, END));
    expect(new Set(minted.map(({ serial }) => serial)).size).toBe(600);
    expect(new Set(minted.map(({ key }) => key.toString('hex'))).size).toBe(600);
    for (const { serial, certificate } of minted) {
      expect(serial).toMatch(/^[4-7][0-9a-f]{31}$/);
      expect(new X509Certificate(certificate).serialNumber.toLowerCase()).toBe(serial);
    }
  });

  it('is dated rightly on both sides of 2050, where the form of dates changes', async () => {
    await using room = await AuthorityRoom.open();
    const [mint, signer] = [new X509Mint(new P256Keys()), await signerOf(room)];
    const validities = [
      ['2049-12-31T23:50:00Z', '2049-12-31T23:59:59Z'],
      ['2049-12-31T23:50:00Z', '2050-01-01T00:05:00Z'],
      ['2050-01-01T00:00:00Z', '2050-01-01T00:15:00Z'],
      ['2049-12-31T23:50:00Z', '2049-12-31T23:59:59Z'],
    ] as const;
    for (const [from, to] of validities) {
      const validity = [new Date(from), new Date(to)] as const;
      const { certificate } = await read(mint.mint(WEB, signer, ...validity).certificate);
      expect([certificate.notBefore, certificate.notAfter]).toEqual(validity);
      expect(certificate.subject).toBe('O=Spoor');
    }
  });

  it.each([
    ['P-256', 'ec', { namedCurve: 'P-256' }],
    ['P-384', 'ec', { namedCurve: 'P-384' }],
    ['P-521', 'ec', { namedCurve: 'P-521' }],
    ['RSA', 'rsa', { modulusLength: 2_048 }],
  ])('is signed rightly with an upstream key of kind %s', async (_kind, type, options) => {
    const { privateKey, publicKey } = generateKeyPairSync(type as 'ec', options as { namedCurve: string });
    const { schemeOf } = await import('../../src/authority/signers.js');
    const { sign } = await import('node:crypto');
    const scheme = schemeOf(privateKey);
    await using room = await AuthorityRoom.open();
    const signer: X509Signer = {
      ...(await signerOf(room)),
      signatureAlgorithm: scheme?.identifier ?? Buffer.of(),
      sign: (tbs) => sign(scheme?.hash, tbs, privateKey),
    };
    const { certificate } = new X509Mint(new P256Keys()).mint(WEB, signer, NOW, END);
    expect(new X509Certificate(certificate).verify(publicKey)).toBe(true);
    expect((await read(certificate)).names?.names.toJSON()).toHaveLength(1);
  });

  it('is right when names hold the very bytes that stand in for what is filled in', async () => {
    await using room = await AuthorityRoom.open();
    const spiffeId = `spiffe://example.org/${'U'.repeat(100)}`;
    const { certificate } = new X509Mint(new P256Keys()).mint(
      { ...WEB, spiffeId },
      await signerOf(room),
      NOW,
      END,
    );
    expect((await read(certificate)).names?.names.toJSON()).toEqual([{ type: 'url', value: spiffeId }]);
  });

  it('has room for the longest SPIFFE ID', async () => {
    await using room = await AuthorityRoom.open();
    const spiffeId = `spiffe://example.org/${'a'.repeat(2_048 - 21)}`;
    const { certificate } = new X509Mint(new P256Keys()).mint(
      { ...WEB, spiffeId },
      await signerOf(room),
      NOW,
      END,
    );
    expect(new X509Certificate(certificate).subjectAltName).toBe(`URI:${spiffeId}`);
  });
});
