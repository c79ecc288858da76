import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { writePem } from '../../src/encoding/pem.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { spiffeIdOfLeaf, splitCertificates, validateX509Svid, X509Svid } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import type { ClauseId } from '../conformance/requirements.js';
import { outcome, refusal } from '../fakes/outcome.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { type CertificateWish, TestCertificate } from '../fakes/test-certificate.js';

const WEB = 'spiffe://example.org/web';
const BITS = {
  digitalSignature: 1,
  keyEncipherment: 4,
  keyAgreement: 16,
  keyCertSign: 32,
  cRLSign: 64,
} as const;

let authority: TestAuthority;

beforeAll(async () => {
  authority = await TestAuthority.open();
});

const judge = (chain: readonly Uint8Array[], bundles = authority.bundle): string =>
  refusal(() => validateX509Svid(chain, bundles, authority.at));

async function judgeLeaf(wish: CertificateWish): Promise<string> {
  return judge([(await authority.root.issue({ uris: [WEB], ...wish })).der]);
}

describe('validateX509Svid', () => {
  it('says whom a good leaf names', async () => {
    const { chain } = await authority.x509('/web');
    expect(validateX509Svid([chain], authority.bundle, authority.at).toString()).toBe(WEB);
    expect(validateX509Svid([chain], BundleSet.of([authority.bundle]), authority.at).toString()).toBe(WEB);
  });

  it.each<[ClauseId | ClauseId[], string, CertificateWish, string]>([
    ['X509-2b', 'no SAN at all', { uris: [] }, 'X509-2b'],
    [
      'X509-2b',
      'a DNS SAN in place of a URI',
      { uris: [], otherNames: [{ type: 'dns', value: 'web' }] },
      'X509-2b',
    ],
    [['X509-2b', 'X509-5.2e'], 'two SPIFFE IDs', { uris: [WEB, 'spiffe://example.org/db'] }, 'X509-5.2e'],
    [['X509-2b', 'X509-5.2e'], 'the same SPIFFE ID twice', { uris: [WEB, WEB] }, 'X509-5.2e'],
    [['X509-2b', 'X509-5.2e'], 'a second URI of another scheme', { uris: [WEB, 'https://web'] }, 'X509-5.2e'],
    ['X509-5.2c', 'a URI of another scheme', { uris: ['https://example.org/web'] }, 'X509-5.2c'],
    ['X509-5.2c', 'a URI that is no SPIFFE ID', { uris: ['spiffe://example.org/a//b'] }, 'X509-5.2c'],
    ['X509-5.2c', 'an upper-case trust domain', { uris: ['spiffe://EXAMPLE.org/web'] }, 'X509-5.2c'],
    [
      ['X509-3.1a', 'X509-5.2d'],
      'a SPIFFE ID without a path',
      { uris: ['spiffe://example.org'] },
      'X509-5.2d',
    ],
    ['X509-5.2a', 'a CA', { ca: true }, 'X509-5.2a'],
    ['X509-5.2b', 'keyCertSign', { keyUsage: BITS.digitalSignature | BITS.keyCertSign }, 'X509-5.2b'],
    ['X509-5.2b', 'cRLSign', { keyUsage: BITS.digitalSignature | BITS.cRLSign }, 'X509-5.2b'],
  ])('%s: refuses a leaf with %s', async (ids, _, wish, expected) => {
    await clause(ids, async () => {
      expect(await judgeLeaf(wish)).toBe(`X509_SVID_INVALID ${expected}`);
    });
  });

  it.each<[string, CertificateWish, string]>([
    ['no digitalSignature', { keyUsage: BITS.keyEncipherment }, 'X509-4.3c'],
    ['no key usage', { keyUsage: null }, 'X509-4.3a'],
  ])('refuses a leaf with %s', async (_, wish, expected) => {
    expect(await judgeLeaf(wish)).toBe(`X509_SVID_INVALID ${expected}`);
  });

  it('takes a leaf with SANs of other kinds', async () => {
    await clause('X509-2c', async () => {
      const dns = { type: 'dns', value: 'web' } as const;
      const ip = { type: 'ip', value: '10.0.0.1' } as const;
      expect(await judgeLeaf({ otherNames: [dns, dns, ip, { type: 'email', value: 'a@b' }] })).toBe(
        'not refused',
      );
    });
  });

  it.each<[string, CertificateWish]>([
    ['no subject and a critical SAN', { subject: '' }],
    ['keyEncipherment and keyAgreement too', { keyUsage: 1 | 4 | 16 }],
    ['both extended key usages', { extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] }],
    ['no basic constraints, which is the same as CA:FALSE', { without: ['2.5.29.19'] }],
  ])('takes a leaf with %s', async (_, wish) => {
    expect(await judgeLeaf(wish)).toBe('not refused');
  });

  it('takes nobody for a signing certificate, even one that the bundle itself holds', async () => {
    await clause(['X509-3.1c', 'X509-3.2f'], async () => {
      expect(judge([authority.root.der])).toBe('X509_SVID_INVALID X509-5.2d');
      const withPath = await TestCertificate.selfSigned({ ca: true, uris: [WEB] });
      const bundle = Bundle.of(authority.trustDomain, { x509Authorities: [withPath.der] });
      expect(judge([withPath.der], bundle)).toBe('X509_SVID_INVALID X509-5.2a');
    });
  });

  it('counts URI SANs in the DER, where a printed SAN could be forged', async () => {
    await clause('X509-2b', async () => {
      const forged = await authority.root.issue({
        uris: [],
        otherNames: [{ type: 'dns', value: `x, URI:${WEB}` }],
      });
      expect(judge([forged.der])).toBe('X509_SVID_INVALID X509-2b');
      const alone = await authority.root.issue({ uris: [`${WEB}, URI:https://x`] });
      expect(judge([alone.der])).toBe('X509_SVID_INVALID X509-5.2c');
    });
  });

  it('asks only the bundle of the trust domain that the leaf names', async () => {
    const other = await TestAuthority.open('example.com');
    const imposter = await other.root.issue({ uris: [WEB] });
    await clause(['TDB-3a', 'WAPI-4.6a'], async () => {
      const both = BundleSet.of([authority.bundle, other.bundle]);
      expect(refusal(() => validateX509Svid([imposter.der], both, authority.at))).toBe(
        'X509_SVID_INVALID X509-5.1a',
      );
      expect(refusal(() => validateX509Svid([imposter.der], other.bundle, authority.at))).toBe(
        'X509_SVID_INVALID WAPI-4.6a',
      );
      const { chain } = await other.x509('/web');
      expect(validateX509Svid([chain], both, authority.at).toString()).toBe('spiffe://example.com/web');
    });
  });

  it('takes nobody when the bundle has no X.509 authority', async () => {
    const { chain } = await authority.x509();
    clause(['TDB-4.1.3c', 'X509-6.2c'], () => {
      const empty = Bundle.of(authority.trustDomain, { jwtAuthorities: authority.bundle.jwtAuthorities });
      expect(judge([chain], empty)).toBe('X509_SVID_INVALID TDB-4.1.3c');
    });
  });

  it.each([
    ['no certificate', [], 'X509-2a'],
    ['bytes that are no certificate', [Buffer.from('hello')], 'X509-5.1a'],
  ])('refuses %s', (_, chain, expected) => {
    expect(judge(chain)).toBe(`X509_SVID_INVALID ${expected}`);
  });

  it('refuses more certificates than a chain has, even where the first would do', async () => {
    const { chain } = await authority.x509();
    const times = (count: number): Buffer[] => Array.from({ length: count }, () => chain);
    expect(judge(times(8))).toBe('not refused');
    expect(judge(times(9))).toBe('X509_SVID_INVALID X509-5.1a');
  });

  it('believes SPIFFE ID and key only as they were signed', async () => {
    const { chain } = await authority.x509('/web');
    clause('ID-3.2a', () => {
      const renamed = Buffer.from(chain.toString('latin1').replace('/web', '/wex'), 'latin1');
      expect(spiffeIdOfLeaf(renamed).path).toBe('/wex');
      expect(judge([renamed])).toBe('X509_SVID_INVALID X509-5.1a');
      const key = new X509Certificate(chain).publicKey.export({ type: 'spki', format: 'der' });
      const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
        type: 'spki',
        format: 'der',
      });
      const rekeyed = Buffer.from(chain);
      other.copy(rekeyed, chain.indexOf(key));
      expect(judge([rekeyed])).toBe('X509_SVID_INVALID X509-5.1a');
    });
  });
});

describe('spiffeIdOfLeaf', () => {
  it('reads the SPIFFE ID without judging who signed', async () => {
    const stranger = await TestCertificate.selfSigned({ uris: [WEB] });
    expect(spiffeIdOfLeaf(stranger.der).toString()).toBe(WEB);
    expect(refusal(() => spiffeIdOfLeaf(authority.root.der))).toBe('X509_SVID_INVALID X509-5.2d');
    expect(refusal(() => spiffeIdOfLeaf(Buffer.from('x')))).toBe('X509_SVID_INVALID X509-5.1a');
  });
});

describe('splitCertificates', () => {
  it('takes concatenated certificates apart, and refuses anything between or behind them', async () => {
    const { chain } = await authority.x509();
    expect(splitCertificates(Buffer.alloc(0))).toEqual([]);
    expect(splitCertificates(Buffer.concat([chain, authority.root.der]))).toEqual([
      chain,
      authority.root.der,
    ]);
    for (const tail of ['\n', '\0', '0', '-----BEGIN CERTIFICATE-----']) {
      const bytes = Buffer.concat([chain, Buffer.from(tail)]);
      expect(outcome(() => splitCertificates(bytes))).toBe('DER_INVALID');
    }
    expect(outcome(() => splitCertificates(chain.subarray(0, -1)))).toBe('DER_INVALID');
  });

  it('takes a bundle of a thousand authorities apart', () => {
    const many = Buffer.concat(Array.from({ length: 1000 }, () => authority.root.der));
    expect(splitCertificates(many)).toHaveLength(1000);
  });
});

describe('X509Svid', () => {
  it('reads what FetchX509SVID sends', async () => {
    const intermediate = await authority.root.issue({ ca: true, subject: 'O=Intermediate' });
    const leaf = await intermediate.issue({ uris: [WEB] });
    const svid = X509Svid.parse(Buffer.concat([leaf.der, intermediate.der]), leaf.pkcs8, 'internal');
    const known = new X509Certificate(leaf.der);
    expect(svid.id.toString()).toBe(WEB);
    expect(svid.chain.map(({ raw }) => Buffer.from(raw))).toEqual([leaf.der, intermediate.der]);
    expect(svid.privateKey.equals(leaf.key)).toBe(true);
    expect(svid.hint).toBe('internal');
    expect(svid.serial).toBe(known.serialNumber.toLowerCase());
    expect(svid.fingerprint).toBe(createHash('sha256').update(leaf.der).digest('hex'));
    expect([svid.notBefore, svid.notAfter]).toEqual([known.validFromDate, known.validToDate]);
  });

  it('reads the same from PEM', async () => {
    const { certificate } = await authority.x509();
    const svid = X509Svid.fromPem(
      writePem('CERTIFICATE', certificate.der),
      writePem('PRIVATE KEY', certificate.pkcs8),
    );
    expect(svid.id.toString()).toBe(WEB);
    expect(refusal(() => X509Svid.fromPem('', writePem('PRIVATE KEY', certificate.pkcs8)))).toBe(
      'X509_SVID_INVALID X509-5.1a',
    );
    expect(refusal(() => X509Svid.fromPem(writePem('CERTIFICATE', certificate.der), ''))).toBe(
      'X509_SVID_INVALID WAPI-P4',
    );
  });

  it('refuses an encrypted key, and the key of another', async () => {
    const { chain, certificate } = await authority.x509();
    const locked = certificate.key.export({
      type: 'pkcs8',
      format: 'der',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    expect(refusal(() => X509Svid.parse(chain, locked))).toBe('X509_SVID_INVALID WAPI-P4');
    const { pkcs8 } = await authority.x509();
    expect(refusal(() => X509Svid.parse(chain, pkcs8))).toBe('X509_SVID_INVALID X509-2a');
  });

  it('refuses a chain that is empty, begins with an authority, or goes on with a leaf', async () => {
    const { chain, pkcs8 } = await authority.x509();
    expect(refusal(() => X509Svid.parse(Buffer.alloc(0), pkcs8))).toBe('X509_SVID_INVALID X509-2a');
    expect(refusal(() => X509Svid.parse(authority.root.der, authority.root.pkcs8))).toBe(
      'X509_SVID_INVALID X509-5.2d',
    );
    expect(refusal(() => X509Svid.parse(Buffer.concat([chain, chain]), pkcs8))).toBe(
      'X509_SVID_INVALID X509-3.2a',
    );
  });

  it('shows no key when it is printed', async () => {
    const { svid, pkcs8 } = await authority.x509();
    const printed = `${inspect(svid)} ${JSON.stringify(svid)}`;
    expect(printed).toContain(svid.serial);
    expect(printed).not.toMatch(/KeyObject|privateKey|chain/);
    expect(printed).not.toContain(pkcs8.toString('base64').slice(60, 90));
  });
});
