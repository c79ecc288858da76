import type { JsonGeneralName } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { der } from '../../src/encoding/der.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { validateX509Svid } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import { outcome } from '../fakes/outcome.js';
import { type CertificateWish, loadX509, TestCertificate } from '../fakes/test-certificate.js';

const NOW = new Date('2030-01-01T00:00:00Z');
const KIND = { email: 1, dns: 2, uri: 6, ip: 7, registered: 8 } as const;

type Subtree = readonly [kind: keyof typeof KIND | 'directory', base: string];
interface Constraints {
  readonly permitted?: readonly Subtree[];
  readonly excluded?: readonly Subtree[];
  readonly minimum?: boolean;
}

let root: TestCertificate;

beforeAll(async () => {
  root = await TestCertificate.selfSigned({ ca: true, subject: 'O=Root', uris: ['spiffe://example.org'] });
});

function baseOf([kind, base]: Subtree): Buffer {
  if (kind === 'directory') {
    const attribute = der.set(der.sequence(der.oid('2.5.4.10'), der.utf8(base)));
    return der.explicit(4, der.sequence(attribute));
  }
  return der.implicit(KIND[kind], kind === 'ip' ? Buffer.from(base, 'hex') : Buffer.from(base, 'latin1'));
}

function encode({ permitted, excluded, minimum = false }: Constraints): Buffer {
  const subtrees = (list: readonly Subtree[]): Buffer[] =>
    list.map((one) => der.sequence(baseOf(one), ...(minimum ? [der.implicit(0, Buffer.from([1]))] : [])));
  return der.sequence(
    ...(permitted ? [der.explicit(0, ...subtrees(permitted))] : []),
    ...(excluded ? [der.explicit(1, ...subtrees(excluded))] : []),
  );
}

/** A CA below the root with these constraints. */
async function constrained(constraints: Constraints, critical = true): Promise<TestCertificate> {
  const x509 = await loadX509();
  const extra = [new x509.Extension('2.5.29.30', critical, encode(constraints))];
  return root.issue({ ca: true, subject: 'O=Middle', extra });
}

/** The path of the leaf's SPIFFE ID, or the code of the refusal. */
function validate(chain: readonly TestCertificate[]): string {
  const bundles = ['example.org', '10.0.0.1'].map((name) =>
    Bundle.of(TrustDomain.parse(name), { x509Authorities: [root.der] }),
  );
  return outcome(
    () =>
      validateX509Svid(
        chain.map(({ der }) => der),
        BundleSet.of(bundles),
        NOW,
      ).path,
  );
}

async function judge(constraints: Constraints, leaf: CertificateWish = {}, critical = true): Promise<string> {
  const middle = await constrained(constraints, critical);
  return validate([await middle.issue({ subject: '', uris: ['spiffe://example.org/web'], ...leaf }), middle]);
}

describe('URI name constraints', () => {
  it.each<[Constraints, string]>([
    [{ permitted: [['uri', 'example.org']] }, '/web'],
    [{ permitted: [['uri', 'EXAMPLE.org']] }, '/web'],
    [
      {
        permitted: [
          ['uri', 'example.com'],
          ['uri', 'example.org'],
        ],
      },
      '/web',
    ],
    [{ permitted: [['uri', '.org']] }, '/web'],
    [{ permitted: [['uri', '']] }, '/web'],
    [{ permitted: [['uri', 'example.com']] }, 'X509_SVID_INVALID'],
    [{ permitted: [['uri', '.example.org']] }, 'X509_SVID_INVALID'],
    [{ permitted: [['uri', 'org']] }, 'X509_SVID_INVALID'],
    [{ excluded: [['uri', 'example.org']] }, 'X509_SVID_INVALID'],
    [{ excluded: [['uri', '.org']] }, 'X509_SVID_INVALID'],
    [{ excluded: [['uri', 'example.com']] }, '/web'],
    [{ permitted: [['uri', 'example.org']], excluded: [['uri', 'example.org']] }, 'X509_SVID_INVALID'],
  ])('%j: %s', async (constraints, expected) => {
    await clause('X509-4.2a', async () => {
      expect(await judge(constraints)).toBe(expected);
    });
  });

  it('hold also where the extension is not critical', async () => {
    expect(await judge({ permitted: [['uri', 'example.com']] }, {}, false)).toBe('X509_SVID_INVALID');
  });

  it('can be met by no address, which is no domain name', async () => {
    const leaf = { uris: ['spiffe://10.0.0.1/web'] };
    expect(await judge({}, leaf)).toBe('/web');
    expect(await judge({ permitted: [['uri', '10.0.0.1']] }, leaf)).toBe('X509_SVID_INVALID');
    expect(await judge({ excluded: [['uri', 'example.com']] }, leaf)).toBe('X509_SVID_INVALID');
  });

  it('are not asked of a CA that renews its own key, but of what it issues', async () => {
    const middle = await constrained({ permitted: [['uri', 'example.org']] });
    const renewed = await middle.issue({ ca: true, subject: 'O=Middle', uris: ['spiffe://example.com'] });
    const other = await middle.issue({ ca: true, subject: 'O=Other', uris: ['spiffe://example.com'] });
    const leaf = { uris: ['spiffe://example.org/web'] };
    expect(validate([await renewed.issue(leaf), renewed, middle])).toBe('/web');
    expect(validate([await other.issue(leaf), other, middle])).toBe('X509_SVID_INVALID');
    expect(validate([await renewed.issue({ uris: ['spiffe://10.0.0.1/web'] }), renewed, middle])).toBe(
      'X509_SVID_INVALID',
    );
  });
});

describe('name constraints of other kinds', () => {
  const dns = (value: string): JsonGeneralName => ({ type: 'dns', value });
  const ip = (value: string): JsonGeneralName => ({ type: 'ip', value });
  const email: JsonGeneralName = { type: 'email', value: 'a@example.org' };

  it.each<[string, Constraints, CertificateWish, boolean]>([
    [
      'DNS: the domain itself',
      { permitted: [['dns', 'example.org']] },
      { otherNames: [dns('example.org')] },
      true,
    ],
    [
      'DNS: a domain below',
      { permitted: [['dns', 'example.org']] },
      { otherNames: [dns('a.b.example.org')] },
      true,
    ],
    [
      'DNS: a name that only ends alike',
      { permitted: [['dns', 'example.org']] },
      { otherNames: [dns('badexample.org')] },
      false,
    ],
    [
      'DNS: one of two names outside',
      { permitted: [['dns', 'example.org']] },
      { otherNames: [dns('example.org'), dns('x')] },
      false,
    ],
    ['DNS: excluded', { excluded: [['dns', 'example.org']] }, { otherNames: [dns('A.EXAMPLE.ORG')] }, false],
    ['DNS: no DNS name at all', { permitted: [['dns', 'example.com']] }, {}, true],
    [
      'IP: inside the network',
      { permitted: [['ip', '0a000000ff000000']] },
      { otherNames: [ip('10.1.2.3')] },
      true,
    ],
    [
      'IP: outside the network',
      { permitted: [['ip', '0a000000ff000000']] },
      { otherNames: [ip('11.1.2.3')] },
      false,
    ],
    [
      'IP: of the other width',
      { permitted: [['ip', '0a000000ff000000']] },
      { otherNames: [ip('::1')] },
      false,
    ],
    ['IP: a mask of no width', { excluded: [['ip', '0a00']] }, { otherNames: [ip('10.1.2.3')] }, false],
    [
      'directory: the same organisation',
      { permitted: [['directory', 'Here']] },
      { subject: 'O=Here,CN=web' },
      true,
    ],
    [
      'directory: another organisation',
      { permitted: [['directory', 'Here']] },
      { subject: 'O=There' },
      false,
    ],
    ['directory: excluded', { excluded: [['directory', 'Here']] }, { subject: 'O=Here' }, false],
    [
      'directory: the same in other letters',
      { excluded: [['directory', ' HERE ']] },
      { subject: 'O=Here' },
      false,
    ],
    ['directory: no subject', { permitted: [['directory', 'Here']] }, {}, true],
    ['email, which is not judged', { permitted: [['email', 'example.org']] }, { otherNames: [email] }, false],
    [
      'email, excluded elsewhere, which is not judged',
      { excluded: [['email', 'x']] },
      { otherNames: [email] },
      false,
    ],
    ['email, without an email name', { permitted: [['email', 'example.org']] }, {}, true],
    ['a minimum, which must not be', { excluded: [['dns', 'x']], minimum: true }, {}, false],
  ])('%s', async (_, constraints, leaf, taken) => {
    expect(await judge(constraints, leaf)).toBe(taken ? '/web' : 'X509_SVID_INVALID');
  });
});
