import { beforeAll, describe, expect, it } from 'vitest';
import { readBundleDocument, writeBundleDocument } from '../../src/spiffe/bundle-document.js';
import { validateJwtSvid } from '../../src/spiffe/jwt-svid.js';
import { validateWitSvid } from '../../src/spiffe/wit-svid.js';
import { splitCertificates, validateX509Svid } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import { outcome } from '../fakes/outcome.js';
import { SeededRandom } from '../fakes/seeded-random.js';
import { TestAuthority } from '../fakes/test-authority.js';

const ROUNDS = 3_000;

let authority: TestAuthority;

beforeAll(async () => {
  authority = await TestAuthority.open();
});

/** What damaged forms of `seed` come to; anything but a value or a SpoorError goes through `outcome` and fails the test. */
function feed(seed: Uint8Array, read: (bytes: Buffer) => string): ReadonlySet<string> {
  const random = new SeededRandom(11);
  const results = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const bytes = random.damage(seed);
    if (!bytes.equals(seed)) results.add(outcome(() => read(bytes)));
  }
  return results;
}

describe('a damaged SVID', () => {
  it('names nobody, whatever byte of its certificate was changed', async () => {
    const { chain } = await authority.x509();
    clause('X509-5.1a', () => {
      const results = feed(chain, (bytes) =>
        validateX509Svid([bytes], authority.bundle, authority.at).toString(),
      );
      expect([...results]).toEqual(['X509_SVID_INVALID']);
    });
    const split = feed(chain, (bytes) => `${splitCertificates(bytes).length}`);
    expect([...split].filter((result) => !['0', '1', '2', 'DER_INVALID'].includes(result))).toEqual([]);
  });

  it('names nobody, whatever byte of its token was changed', () => {
    const jwt = feed(Buffer.from(authority.jwt()), (bytes) =>
      validateJwtSvid(
        bytes.toString('latin1'),
        'test-audience',
        authority.bundle,
        authority.at,
      ).id.toString(),
    );
    expect([...jwt]).toEqual(['JWT_SVID_INVALID']);
    const wit = feed(Buffer.from(authority.wit().token), (bytes) =>
      validateWitSvid(bytes.toString('latin1'), authority.bundle, authority.at).id.toString(),
    );
    expect([...wit]).toEqual(['WIT_SVID_INVALID']);
  });
});

describe('a damaged bundle', () => {
  it('is read for what is left of it, or refused', () => {
    const text = Buffer.from(writeBundleDocument(authority.bundle));
    const results = feed(text, (bytes) => {
      const { x509Authorities, jwtAuthorities, witAuthorities } = readBundleDocument(
        authority.trustDomain,
        bytes,
      );
      return `${x509Authorities.length} ${jwtAuthorities.size} ${witAuthorities.size}`;
    });
    expect(results).toContain('BUNDLE_INVALID');
    expect(results).toContain('0 1 1');
  });
});
