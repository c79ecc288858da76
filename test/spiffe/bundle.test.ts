import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';
import { TestAuthority } from '../fakes/test-authority.js';

const here = TrustDomain.parse('example.org');
const there = TrustDomain.parse('example.com');
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;

let authority: TestAuthority;

beforeAll(async () => {
  authority = await TestAuthority.open();
});

describe('Bundle', () => {
  it('keeps an authority that stands twice once, and its own copy of it', () => {
    const given = Buffer.from(authority.root.der);
    const bundle = Bundle.of(here, { x509Authorities: [given, authority.root.der] });
    given.fill(0);
    expect(bundle.x509Authorities).toEqual([authority.root.der]);
    expect(bundle.certificates.map(({ der }) => der)).toEqual([authority.root.der]);
  });

  it('is empty unless something is put into it', () => {
    const { x509Authorities, jwtAuthorities, witAuthorities, sequenceNumber, refreshHintSeconds } =
      Bundle.of(here);
    expect([x509Authorities.length, jwtAuthorities.size, witAuthorities.size]).toEqual([0, 0, 0]);
    expect([sequenceNumber, refreshHintSeconds]).toEqual([undefined, undefined]);
  });

  it('is the bundle of its own trust domain and of no other', () => {
    const bundle = Bundle.of(here);
    expect([bundle.get(here), bundle.get(there)]).toEqual([bundle, undefined]);
  });

  it('equals another bundle that says the same in another order', () => {
    const one = Bundle.of(here, {
      jwtAuthorities: new Map([
        ['a', key],
        ['b', other],
      ]),
      sequenceNumber: 1n,
    });
    const two = Bundle.of(here, {
      jwtAuthorities: new Map([
        ['b', other],
        ['a', createPublicKey(key.export({ type: 'spki', format: 'pem' }))],
      ]),
      sequenceNumber: 1n,
    });
    expect(one.equals(two)).toBe(true);
  });

  it.each([
    ['trust domain', Bundle.of(there)],
    ['X.509 authority', (): Bundle => Bundle.of(here, { x509Authorities: [authority.root.der] })],
    ['JWT authority', Bundle.of(here, { jwtAuthorities: new Map([['a', key]]) })],
    ['WIT authority', Bundle.of(here, { witAuthorities: new Map([['a', key]]) })],
    ['sequence', Bundle.of(here, { sequenceNumber: 0n })],
    ['refresh hint', Bundle.of(here, { refreshHintSeconds: 0 })],
  ])('differs from another bundle by its %s', (_, changed) => {
    expect(Bundle.of(here).equals(typeof changed === 'function' ? changed() : changed)).toBe(false);
  });

  it('differs by a key under the same id, and by an id for the same key', () => {
    const one = Bundle.of(here, { jwtAuthorities: new Map([['a', key]]) });
    expect(one.equals(Bundle.of(here, { jwtAuthorities: new Map([['a', other]]) }))).toBe(false);
    expect(one.equals(Bundle.of(here, { jwtAuthorities: new Map([['b', key]]) }))).toBe(false);
  });
});

describe('BundleSet', () => {
  it('finds a bundle by the name of its trust domain, and never merges two', () => {
    const first = Bundle.of(here, { jwtAuthorities: new Map([['a', key]]) });
    const second = Bundle.of(here, { jwtAuthorities: new Map([['b', other]]) });
    const set = BundleSet.of([first, Bundle.of(there), second]);
    clause('TDB-3a', () => {
      expect(set.get(TrustDomain.parse('example.org'))).toBe(second);
      expect(set.get(there)?.trustDomain.name).toBe('example.com');
      expect(set.get(TrustDomain.parse('example.net'))).toBeUndefined();
    });
    expect([set.size, Array.from(set, ({ trustDomain }) => trustDomain.name)]).toEqual([
      2,
      ['example.org', 'example.com'],
    ]);
  });
});
