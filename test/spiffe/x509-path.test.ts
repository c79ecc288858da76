import { generateKeyPairSync, sign } from 'node:crypto';
import type { Extension } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { der } from '../../src/encoding/der.js';
import { Bundle } from '../../src/spiffe/bundle.js';
import { readCertificate } from '../../src/spiffe/certificate.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { validatePath } from '../../src/spiffe/x509-path.js';
import { validateX509Svid } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import { outcome } from '../fakes/outcome.js';
import { type CertificateWish, loadX509, TestCertificate } from '../fakes/test-certificate.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const LEAF: CertificateWish = { subject: 'O=Leaf', uris: ['spiffe://example.org/web'] };
const ROOT: CertificateWish = { subject: 'O=Root', ca: true, uris: ['spiffe://example.org'] };
const MIDDLE: CertificateWish = { subject: 'O=Middle', ca: true };
const POLICY_CONSTRAINTS = '2.5.29.36';

let root: TestCertificate;
let extension: (id: string, critical: boolean, value: Uint8Array) => Extension;

beforeAll(async () => {
  const x509 = await loadX509();
  extension = (id, critical, value) => new x509.Extension(id, critical, value);
  root = await TestCertificate.selfSigned(ROOT);
});

/** `valid`, or why not. */
function judge(
  chain: readonly TestCertificate[],
  anchors: readonly TestCertificate[] = [root],
  now = NOW,
): string {
  const bundle = Bundle.of(TrustDomain.parse('example.org'), {
    x509Authorities: anchors.map((anchor) => anchor.der),
  });
  try {
    return (
      validateX509Svid(
        chain.map(({ der }) => der),
        bundle,
        now,
      ).path && 'valid'
    );
  } catch (error) {
    return (error as Error).message.replace(/^.*: /, '');
  }
}

/** A chain of `wishes`, topmost below the root, in the order that a peer sends them. */
async function chainOf(
  top: TestCertificate,
  ...wishes: readonly CertificateWish[]
): Promise<TestCertificate[]> {
  const chain = [top];
  for (const wish of wishes) chain.unshift(await (chain[0] as TestCertificate).issue(wish));
  return chain.slice(0, -1);
}

describe('a certificate path', () => {
  it('holds from the leaf straight to an authority, or through intermediates in any order', async () => {
    const chain = await chainOf(root, { ...MIDDLE, subject: 'O=One' }, { ...MIDDLE, subject: 'O=Two' }, LEAF);
    await clause('X509-5.1a', async () => {
      expect(judge(await chainOf(root, LEAF))).toBe('valid');
      expect(judge(chain)).toBe('valid');
      const [leaf, two, one] = chain as [TestCertificate, TestCertificate, TestCertificate];
      expect(judge([leaf, one, two])).toBe('valid');
      expect(judge([leaf, two, one, root])).toBe('valid');
      expect(judge([leaf, two])).toBe('no authority of the bundle issued it');
    });
    const certificates = chain.map((certificate) => readCertificate(certificate.der));
    const [leaf, ...rest] = certificates as [(typeof certificates)[0]];
    expect(validatePath(leaf, rest, [readCertificate(root.der)], NOW)).toHaveLength(4);
  });

  it('may end at an authority of the bundle that is not self-signed', async () => {
    const [middle] = (await chainOf(root, MIDDLE)) as [TestCertificate];
    expect(judge([await middle.issue(LEAF)], [middle])).toBe('valid');
  });

  it('needs every signature', async () => {
    const imposter = await TestCertificate.selfSigned(ROOT);
    const [leaf] = (await chainOf(imposter, LEAF)) as [TestCertificate];
    clause('X509-5.1a', () => {
      expect(judge([leaf])).toBe('a signature does not hold');
      expect(judge([leaf, imposter])).toBe('a signature does not hold');
      expect(judge([leaf], [root, imposter])).toBe('valid');
    });
  });

  it('needs names that chain, even where the signature holds', async () => {
    const renamed = await TestCertificate.selfSigned({ ...ROOT, subject: 'O=Renamed' });
    const twin = await renamed.issue({ ...ROOT, subject: 'O=Root' }, renamed);
    const leaf = await renamed.issue(LEAF);
    clause('X509-5.1a', () => {
      expect(judge([leaf], [twin])).toBe('no authority of the bundle issued it');
      expect(judge([leaf], [renamed])).toBe('valid');
    });
  });

  it.each<[string, CertificateWish, CertificateWish, CertificateWish, string]>([
    [
      'a leaf that is not yet valid',
      ROOT,
      MIDDLE,
      { ...LEAF, notBefore: new Date('2030-01-01T00:00:01Z') },
      'a certificate is not valid before 2030-01-01T00:00:01.000Z',
    ],
    [
      'a leaf that has expired',
      ROOT,
      MIDDLE,
      { ...LEAF, notAfter: new Date('2029-12-31T23:59:59Z') },
      'a certificate was valid until 2029-12-31T23:59:59.000Z',
    ],
    [
      'an intermediate that has expired',
      ROOT,
      { ...MIDDLE, notAfter: new Date('2029-12-31T23:59:59Z') },
      LEAF,
      'a certificate was valid until 2029-12-31T23:59:59.000Z',
    ],
    [
      'an authority that has expired',
      { ...ROOT, notAfter: new Date('2029-12-31T23:59:59Z') },
      MIDDLE,
      LEAF,
      'a certificate was valid until 2029-12-31T23:59:59.000Z',
    ],
    [
      'an intermediate that is no CA',
      ROOT,
      { ...MIDDLE, ca: false, keyUsage: 32 },
      LEAF,
      'an issuer is no CA',
    ],
    [
      'an intermediate without keyCertSign',
      ROOT,
      { ...MIDDLE, keyUsage: 1 },
      LEAF,
      'an issuer lacks the key usage keyCertSign',
    ],
    [
      'an intermediate without key usage',
      ROOT,
      { ...MIDDLE, keyUsage: null },
      LEAF,
      'an issuer lacks the key usage keyCertSign',
    ],
    ['an authority that is no CA', { ...ROOT, ca: false, keyUsage: 32 }, MIDDLE, LEAF, 'an issuer is no CA'],
    [
      'a path longer than the authority allows',
      { ...ROOT, pathLength: 0 },
      MIDDLE,
      LEAF,
      'the path is longer than an issuer allows',
    ],
  ])('is refused with %s', async (_, rootWish, middleWish, leafWish, expected) => {
    const top = await TestCertificate.selfSigned(rootWish);
    const chain = await chainOf(top, middleWish, leafWish);
    clause('X509-5.1a', () => {
      expect(judge(chain, [top])).toBe(expected);
    });
  });

  it('is valid in the first and the last second of its validity', async () => {
    const validity = {
      notBefore: new Date('2029-12-31T12:00:00Z'),
      notAfter: new Date('2029-12-31T13:00:00Z'),
    };
    const chain = await chainOf(root, { ...LEAF, ...validity });
    expect(judge(chain, [root], validity.notBefore)).toBe('valid');
    expect(judge(chain, [root], validity.notAfter)).toBe('valid');
    expect(judge(chain, [root], new Date(validity.notBefore.getTime() - 1))).toContain('not valid before');
    expect(judge(chain, [root], new Date(validity.notAfter.getTime() + 1))).toContain('was valid until');
  });

  it('counts intermediates against the path length, but not those that renew their own key', async () => {
    const top = await TestCertificate.selfSigned({ ...ROOT, pathLength: 1 });
    const again = { ...MIDDLE, subject: 'O=Root' };
    await clause('X509-4.1a', async () => {
      expect(judge(await chainOf(top, MIDDLE, LEAF), [top])).toBe('valid');
      const two = await chainOf(top, MIDDLE, { ...MIDDLE, subject: 'O=Below' }, LEAF);
      expect(judge(two, [top])).toBe('the path is longer than an issuer allows');
      expect(judge(await chainOf(top, again, MIDDLE, LEAF), [top])).toBe('valid');
    });
  });

  it('is refused for a critical extension that is not known, wherever it stands, and not for others', async () => {
    const unknown = (critical: boolean): Partial<CertificateWish> => ({
      extra: [extension('1.2.3.4.5', critical, der.null())],
    });
    await clause('X509-5.1a', async () => {
      const expected = 'the critical extension 1.2.3.4.5 is not known';
      expect(judge(await chainOf(root, { ...LEAF, ...unknown(true) }))).toBe(expected);
      expect(judge(await chainOf(root, { ...MIDDLE, ...unknown(true) }, LEAF))).toBe(expected);
      const top = await TestCertificate.selfSigned({ ...ROOT, ...unknown(true) });
      expect(judge(await chainOf(top, LEAF), [top])).toBe(expected);
      expect(judge(await chainOf(root, { ...LEAF, ...unknown(false) }))).toBe('valid');
    });
    const policies = { extra: [extension(POLICY_CONSTRAINTS, true, der.sequence())] };
    expect(judge(await chainOf(root, { ...MIDDLE, ...policies }, LEAF))).toContain('2.5.29.36 is not known');
  });

  it('is not disturbed by extended key usage on an authority', async () => {
    await clause('X509-4.4b', async () => {
      const usage = { extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'] };
      expect(judge(await chainOf(root, { ...MIDDLE, ...usage }, LEAF))).toBe('valid');
    });
  });

  it('is not followed for ever where every certificate could have issued every other', async () => {
    const maze: TestCertificate[] = [];
    const first = await TestCertificate.selfSigned({ ...MIDDLE, subject: 'O=Maze' });
    for (let i = 0; i < 7; i += 1) maze.push(await first.issue({ ...MIDDLE, subject: 'O=Maze' }, first));
    const leaf = await first.issue(LEAF);
    expect(judge([leaf, ...maze])).toBe('it takes more than 64 signatures to follow');
  });

  it('is no longer than eight certificates', async () => {
    const links = Array.from({ length: 7 }, (_, i) => ({ ...MIDDLE, subject: `O=Link ${i}` }));
    expect(judge(await chainOf(root, ...links.slice(1), LEAF))).toBe('valid');
    expect(judge(await chainOf(root, ...links, LEAF))).not.toBe('valid');
  });
});

describe('a signature', () => {
  /** A leaf signed by hand with `hash`, under the algorithm identifier `oid`. */
  function handMade(hash: string, oid: string, innerOid = oid): Buffer {
    const { subject } = readCertificate(root.der);
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const algorithm = der.sequence(der.oid(oid));
    const at = (text: string): Buffer => der.utcOrGeneralized(new Date(text));
    const san = der.sequence(der.implicit(6, Buffer.from('spiffe://example.org/web')));
    const extensions = [
      der.sequence(
        der.oid('2.5.29.15'),
        der.boolean(true),
        der.octetString(der.bitString(Buffer.from([0x80]), 7)),
      ),
      der.sequence(der.oid('2.5.29.17'), der.octetString(san)),
    ];
    const tbs = der.sequence(
      der.explicit(0, der.integer(Buffer.from([2]))),
      der.integer(Buffer.from([1])),
      der.sequence(der.oid(innerOid)),
      subject,
      der.sequence(at('2029-12-31T00:00:00Z'), at('2030-01-02T00:00:00Z')),
      der.sequence(),
      publicKey.export({ type: 'spki', format: 'der' }),
      der.explicit(3, der.sequence(...extensions)),
    );
    return der.sequence(tbs, algorithm, der.bitString(sign(hash, tbs, root.key)));
  }

  const bundle = (): Bundle => Bundle.of(TrustDomain.parse('example.org'), { x509Authorities: [root.der] });
  const validate = (leaf: Buffer): string => outcome(() => validateX509Svid([leaf], bundle(), NOW).path);

  it('is believed with SHA-2 and never with SHA-1', () => {
    clause('X509-5.1a', () => {
      expect(validate(handMade('sha256', '1.2.840.10045.4.3.2'))).toBe('/web');
      expect(validate(handMade('sha1', '1.2.840.10045.4.1'))).toBe('X509_SVID_INVALID');
    });
  });

  it('must be named alike inside and outside of what is signed', () => {
    expect(validate(handMade('sha256', '1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3'))).toBe(
      'X509_SVID_INVALID',
    );
  });
});
