import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { authorizeMemberOf } from '../../src/client/authorizer.js';
import { BundleSource, type BundleSourceOptions } from '../../src/client/bundle-source.js';
import { validateJwt } from '../../src/client/validate-jwt.js';
import { writeJwks } from '../../src/spiffe/bundle-document.js';
import { clause } from '../conformance/prove.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi } from '../fakes/test-workload-api.js';

const ORG = 'spiffe://example.org';
const OTHER = 'spiffe://other.test';

interface Setting extends AsyncDisposable {
  readonly api: TestWorkloadApi;
  readonly authority: TestAuthority;
  readonly other: TestAuthority;
  readonly log: MemoryLog;
  open(options?: BundleSourceOptions): Promise<BundleSource>;
}

/** A Workload API with the X.509 and JWT bundles of two trust domains. */
async function setting(): Promise<Setting> {
  const api = await TestWorkloadApi.open();
  const [authority, other] = await Promise.all([TestAuthority.open(), TestAuthority.open('other.test')]);
  const log = new MemoryLog();
  const clock = new FakeClock('2030-01-01T00:00:00Z');
  const x509 = { [ORG]: authority.root.der, [OTHER]: other.root.der };
  api.answers.FetchX509Bundles.set({ message: { crl: [], bundles: x509 } });
  giveJwt(api, { [ORG]: authority, [OTHER]: other });
  return {
    api,
    authority,
    other,
    log,
    open: (options) => BundleSource.open({ endpoint: api.endpoint, clock, log, random: () => 0, ...options }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function giveJwt(api: TestWorkloadApi, authorities: Readonly<Record<string, TestAuthority>>): void {
  const bundles = Object.entries(authorities).map(([id, { bundle }]) => [
    id,
    Buffer.from(writeJwks(bundle.jwtAuthorities)),
  ]);
  api.answers.FetchJWTBundles.set({ message: { bundles: Object.fromEntries(bundles) } });
}

describe('BundleSource', () => {
  it('puts the authorities of one trust domain together, and those of two never', async () => {
    await using it = await setting();
    await using source = await it.open();
    expect(source.current.size).toBe(2);
    for (const { bundle, trustDomain } of [it.authority, it.other]) {
      const got = source.get(trustDomain);
      expect(got?.x509Authorities).toEqual(bundle.x509Authorities);
      expect(
        [...(got?.jwtAuthorities ?? [])].map(([kid, key]) => [
          kid,
          key.equals(bundle.jwtAuthorities.get(kid) as never),
        ]),
      ).toEqual([['jwt-key-1', true]]);
      expect(got?.witAuthorities.size).toBe(0);
    }
    expect(source.current).toBe(source.current);
  });

  it('takes over each newer state, drops what is left out, and tells who listens', async () => {
    await using it = await setting();
    await using source = await it.open();
    const seen: number[] = [];
    const stop = new AbortController();
    const listening = (async (): Promise<void> => {
      for await (const bundles of source.updates(stop.signal))
        seen.push(bundles.get(it.other.trustDomain)?.jwtAuthorities.size ?? -1);
    })();
    await expect.poll(() => seen).toEqual([1]);
    giveJwt(it.api, { [ORG]: it.authority });
    await expect.poll(() => seen).toEqual([1, 0]);
    it.api.answers.FetchX509Bundles.set({ message: { crl: [], bundles: { [ORG]: it.authority.root.der } } });
    await expect.poll(() => seen).toEqual([1, 0, -1]);
    stop.abort();
    await listening;
  });

  it('does without a profile that is not offered, unless there is no other', async () => {
    await using it = await setting();
    it.api.answers.FetchX509Bundles.set({ status: status.UNIMPLEMENTED });
    await using source = await it.open();
    expect(source.get(it.authority.trustDomain)?.jwtAuthorities.size).toBe(1);
    expect(source.get(it.authority.trustDomain)?.x509Authorities).toEqual([]);
    await expect(it.open({ profiles: ['x509', 'wit'] })).rejects.toMatchObject({ code: 'NOT_OFFERED' });
    await expect(it.open({ profiles: [] })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await source[Symbol.asyncDispose]();
    await expect.poll(() => it.api.streams).toBe(0);
  });

  it('leaves out a bundle that cannot be read, and says so', async () => {
    await using it = await setting();
    const bundles = {
      [ORG]: Buffer.from(writeJwks(it.authority.bundle.jwtAuthorities)),
      [OTHER]: Buffer.from('{'),
    };
    it.api.answers.FetchJWTBundles.set({ message: { bundles } });
    await using source = await it.open({ profiles: ['jwt'] });
    expect([...source.current].map(({ trustDomain }) => trustDomain.name)).toEqual(['example.org']);
    expect(it.log.lines).toEqual(['warn a bundle cannot be read; its trust domain is not trusted']);
  });
});

describe('validateJwt', () => {
  it('judges a token by the bundle of its own trust domain', async () => {
    await using it = await setting();
    await using source = await it.open({ profiles: ['jwt'] });
    for (const token of [it.authority.jwt(), `Bearer ${it.authority.jwt()}`]) {
      expect(validateJwt(token, 'test-audience', source).id.toString()).toBe(`${ORG}/web`);
    }
    const forged = it.authority.jwt({ claims: { sub: `${OTHER}/web` } });
    expect(() => validateJwt(forged, 'test-audience', source)).toThrow(
      expect.objectContaining({ code: 'JWT_SVID_INVALID' }),
    );
    expect(() => validateJwt(it.authority.jwt(), 'reports', source)).toThrow(/another audience/);
    clause('WAPI-6.3c', () => {
      const unknown = it.authority.jwt({ claims: { sub: 'spiffe://unknown.test/web' } });
      expect(() => validateJwt(unknown, 'test-audience', source)).toThrow(/unknown.test is not trusted/);
    });
  });

  it('asks the authorizer', async () => {
    await using it = await setting();
    await using source = await it.open({ profiles: ['jwt'] });
    const refused = expect.objectContaining({ code: 'TLS_PEER_REFUSED' });
    expect(() =>
      validateJwt(it.authority.jwt(), 'test-audience', source, authorizeMemberOf('other.test')),
    ).toThrow(refused);
  });
});
