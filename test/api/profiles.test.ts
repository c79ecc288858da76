import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { Bundle } from '../../src/spiffe/bundle.js';
import { readStruct } from '../../src/wire/struct.js';
import { workloadApiMethods, type WorkloadApi } from '../../src/wire/workload-api.js';
import { jwtSvid, witSvid, x509Svid, x509View } from '../fakes/fake-documents.js';
import { FakeRooms, NO_MATCHES } from '../fakes/fake-rooms.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { openTestEndpoint } from '../fakes/test-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = workloadApiMethods();

function client(endpoint: { readonly path: string }): WireClient<WorkloadApi> {
  return new WireClient(endpoint.path, methods);
}

const DENIED = { code: status.PERMISSION_DENIED, details: 'no identity issued (call 1)' };

describe('FetchX509SVID', () => {
  it('sends everything of each identity, its own bundle included', async () => {
    const rooms = new FakeRooms();
    const federated = new Map([['spiffe://partner.example', [Buffer.from('p1'), Buffer.from('p2')]]]);
    const svids = [x509Svid('/web'), x509Svid('/internal', 'internal')];
    rooms.views.x509Cell.set({
      ...x509View(svids),
      bundle: [Buffer.from('c1'), Buffer.from('c2')],
      federated,
    });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    expect(await calls.stream('FetchX509SVID').next()).toEqual({
      svids: [
        {
          spiffe_id: 'spiffe://example.org/web',
          x509_svid: Buffer.from('chain of /web'),
          x509_svid_key: Buffer.from('key of /web'),
          bundle: Buffer.from('c1c2'),
          hint: '',
        },
        {
          spiffe_id: 'spiffe://example.org/internal',
          x509_svid: Buffer.from('chain of /internal'),
          x509_svid_key: Buffer.from('key of /internal'),
          bundle: Buffer.from('c1c2'),
          hint: 'internal',
        },
      ],
      crl: [],
      federated_bundles: { 'spiffe://partner.example': Buffer.from('p1p2') },
    });
  });

  it('tells the log which entries were missed only by their template', async () => {
    const rooms = new FakeRooms();
    const refused = [{ entry: { id: 'home' } as never, reason: 'unix.group has two values' }];
    rooms.views.x509Cell.set({ ...x509View([]), matches: { matches: [], refused } });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    expect(await calls.stream('FetchX509SVID').end()).toMatchObject(DENIED);
    expect(rooms.log.fields[0]).toMatchObject({ missed: 'home: unix.group has two values' });
  });
});

describe('FetchX509Bundles', () => {
  it('sends the own trust domain and the federated ones, and nothing twice in a row', async () => {
    const rooms = new FakeRooms();
    const own = Bundle.of(rooms.trustDomain, { x509Authorities: [Buffer.from('ca')] });
    rooms.views.bundlesCell.set({ entitled: true, own, federated: [] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509Bundles');
    expect(await messages.next()).toEqual({
      crl: [],
      bundles: { 'spiffe://example.org': Buffer.from('ca') },
    });

    // A JWT key more is no news to X.509.
    const again = Bundle.of(rooms.trustDomain, {
      x509Authorities: [Buffer.from('ca')],
      refreshHintSeconds: 60,
    });
    rooms.views.bundlesCell.set({ entitled: true, own: again, federated: [] });
    expect(await messages.isSilent()).toBe(true);
  });

  it('ends with PERMISSION_DENIED when the last entry is withdrawn', async () => {
    const rooms = new FakeRooms();
    const own = Bundle.of(rooms.trustDomain);
    rooms.views.bundlesCell.set({ entitled: true, own, federated: [] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509Bundles');
    await messages.next();
    rooms.views.bundlesCell.set({ entitled: false, own, federated: [] });
    expect(await messages.end()).toMatchObject(DENIED);
  });
});

describe('FetchJWTSVID', () => {
  it('asks for exactly the audiences and the identity of the request', async () => {
    const rooms = new FakeRooms();
    rooms.views.jwtSvids = [jwtSvid('/web'), jwtSvid('/db', 'db')];
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const audience = ['spiffe://example.org/api', 'https://api', 'https://api'];
    expect(await calls.unary('FetchJWTSVID', { audience })).toEqual({
      svids: [
        { spiffe_id: 'spiffe://example.org/web', svid: 'token of /web', hint: '' },
        { spiffe_id: 'spiffe://example.org/db', svid: 'token of /db', hint: 'db' },
      ],
    });
    const spiffe_id = 'spiffe://example.org/db';
    expect((await calls.unary('FetchJWTSVID', { audience: ['a'], spiffe_id })).svids.length).toBe(1);
    expect(rooms.views.asked).toEqual([
      { audience, spiffeId: undefined },
      { audience: ['a'], spiffeId: spiffe_id },
    ]);
  });

  it('answers the same when attestation and signing take their time', async () => {
    const rooms = new FakeRooms();
    rooms.views.jwtSvids = [jwtSvid('/web')];
    rooms.views.slow = true;
    rooms.attestationPending = Promise.resolve();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    expect((await calls.unary('FetchJWTSVID', { audience: ['a'] })).svids.length).toBe(1);
    rooms.views.jwtSvids = [];
    expect(await calls.refused('FetchJWTSVID', { audience: ['a'] })).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });

  it.each([
    [new SpoorError('RECORD_UNWRITABLE', 'disk full at /var/lib/spoor'), 'RECORD_UNWRITABLE'],
    [new TypeError('no key in slot 3'), 'internal error'],
  ])(
    'answers UNAVAILABLE, and keeps the reason for the log, when it cannot be signed: %s',
    async (failure, words) => {
      const rooms = new FakeRooms();
      rooms.views.jwtFailure = failure;
      await using endpoint = await openTestEndpoint(rooms);
      using calls = client(endpoint);
      const error = await calls.refused('FetchJWTSVID', { audience: ['a'] });
      expect(error.code).toBe(status.UNAVAILABLE);
      expect(error.details).toBe(`could not fetch JWT-SVID: ${words} (call 1)`);
    },
  );
});

describe('FetchJWTBundles and FetchWITBundles', () => {
  it('send JWK Sets of their own profile only, the first without use and the second with it', async () => {
    const rooms = new FakeRooms();
    const own = (await TestAuthority.open()).bundle;
    const partner = (await TestAuthority.open('partner.example')).bundle;
    rooms.views.bundlesCell.set({ entitled: true, own, federated: [partner] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const jwt = (await calls.stream('FetchJWTBundles').next()).bundles;
    const wit = (await calls.stream('FetchWITBundles').next()).bundles;
    expect(Object.keys(jwt)).toEqual(['spiffe://example.org', 'spiffe://partner.example']);
    expect(Object.keys(wit)).toEqual(Object.keys(jwt));
    for (const document of Object.values(jwt)) {
      expect(keysOf(Buffer.from(document).toString())).toEqual([{ kid: 'jwt-key-1', use: undefined }]);
    }
    for (const document of Object.values(wit)) {
      expect(keysOf(document)).toEqual([{ kid: 'wit-key-1', use: 'wit-svid' }]);
    }
  });

  it('send an empty key set for a trust domain without keys', async () => {
    const rooms = new FakeRooms();
    rooms.views.bundlesCell.set({ entitled: true, own: Bundle.of(rooms.trustDomain), federated: [] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const { bundles } = await calls.stream('FetchJWTBundles').next();
    expect(Buffer.from(bundles['spiffe://example.org'] ?? []).toString()).toBe('{"keys":[]}');
  });

  it('say nothing twice in a row, and speak when a key is new', async () => {
    const rooms = new FakeRooms();
    const own = (await TestAuthority.open()).bundle;
    rooms.views.bundlesCell.set({ entitled: true, own, federated: [] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const silent = calls.stream('FetchJWTBundles');
    const spoken = calls.stream('FetchJWTBundles');
    await Promise.all([silent.next(), spoken.next()]);
    rooms.views.bundlesCell.set({ entitled: true, own: Bundle.of(own.trustDomain, own), federated: [] });
    expect(await silent.isSilent()).toBe(true);

    const more = new Map([
      ...own.jwtAuthorities,
      ['jwt-key-2', [...own.jwtAuthorities.values()][0] as never],
    ]);
    rooms.views.bundlesCell.set({
      entitled: true,
      own: Bundle.of(own.trustDomain, { jwtAuthorities: more }),
      federated: [],
    });
    expect(Buffer.from((await spoken.next()).bundles['spiffe://example.org'] ?? []).toString()).toContain(
      'jwt-key-2',
    );
  });
});

describe('ValidateJWTSVID', () => {
  it('judges by the own bundle for a caller without an identity, and returns all claims', async () => {
    const rooms = new FakeRooms();
    const authority = await TestAuthority.open();
    rooms.views.bundlesCell.set({ entitled: false, own: authority.bundle, federated: [] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const svid = authority.jwt({ claims: { aud: 'one', scope: { tools: ['read'] }, none: null } });
    const answer = await calls.unary('ValidateJWTSVID', { audience: 'one', svid });
    expect(answer.spiffe_id).toBe('spiffe://example.org/web');
    expect(readStruct(answer.claims)).toMatchObject({
      sub: 'spiffe://example.org/web',
      aud: ['one'],
      exp: 1_893_459_600,
      scope: { tools: ['read'] },
      none: null,
    });
  });

  it('returns of a foreign trust domain only the claims of the standard, and those that are named', async () => {
    const partner = await TestAuthority.open('partner.example');
    const rooms = new FakeRooms({ foreignJwtClaims: ['scope', 'absent'] });
    const own = Bundle.of(rooms.trustDomain);
    rooms.views.bundlesCell.set({ entitled: true, own, federated: [partner.bundle] });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const svid = partner.jwt({ claims: { scope: 'read', email: 'a@b', jti: '1' } });
    const { claims } = await calls.unary('ValidateJWTSVID', { audience: 'test-audience', svid });
    expect(Object.keys(readStruct(claims)).toSorted()).toEqual(['aud', 'exp', 'scope', 'sub']);
  });

  it('refuses a token of a trust domain that the caller does not federate with', async () => {
    const partner = await TestAuthority.open('partner.example');
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const request = { audience: 'test-audience', svid: partner.jwt() };
    expect(await calls.refused('ValidateJWTSVID', request)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('partner.example'),
    });
  });

  it('never puts the token into log or record', async () => {
    const authority = await TestAuthority.open();
    const rooms = new FakeRooms();
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const svid = authority.jwt();
    await calls.refused('ValidateJWTSVID', { audience: 'other', svid });
    const written = JSON.stringify([rooms.log.fields, rooms.recorded]);
    for (const part of svid.split('.')) expect(written).not.toContain(part);
  });
});

describe('FetchWITSVID', () => {
  it('streams all identities, or the one that is named', async () => {
    const rooms = new FakeRooms();
    rooms.views.witCell.set({ svids: [witSvid('/web'), witSvid('/db', 'db')], matches: NO_MATCHES });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    const all = calls.stream('FetchWITSVID');
    expect((await all.next()).svids.map(({ spiffe_id }) => spiffe_id)).toEqual([
      'spiffe://example.org/web',
      'spiffe://example.org/db',
    ]);
    const one = calls.stream('FetchWITSVID', { spiffe_id: 'spiffe://example.org/db' });
    expect(await one.next()).toEqual({
      svids: [
        {
          spiffe_id: 'spiffe://example.org/db',
          wit_svid: 'token of /db',
          wit_svid_key: '{"kty":"EC","of":"/db"}',
          hint: 'db',
        },
      ],
    });
    rooms.views.witCell.set({ svids: [witSvid('/web')], matches: NO_MATCHES });
    expect((await all.next()).svids.length).toBe(1);
    expect(await one.end()).toMatchObject({ code: status.PERMISSION_DENIED });
  });

  it('is not implemented, nor is FetchWITBundles, when the profile is switched off', async () => {
    const rooms = new FakeRooms({ profiles: { wit: false } });
    await using endpoint = await openTestEndpoint(rooms);
    using calls = client(endpoint);
    expect(await calls.stream('FetchWITSVID').end()).toMatchObject({
      code: status.UNIMPLEMENTED,
      details: 'fetching WIT-SVIDs is not implemented (call 1)',
    });
    expect(await calls.stream('FetchWITBundles').end()).toMatchObject({
      code: status.UNIMPLEMENTED,
      details: 'fetching WIT bundles is not implemented (call 2)',
    });
  });
});

/** `kid` and `use` of each key of a JWK Set. */
function keysOf(document: string): unknown[] {
  const { keys } = JSON.parse(document) as { keys: { kid: string; use?: string; d?: string }[] };
  expect(keys.every(({ d }) => d === undefined)).toBe(true);
  return keys.map(({ kid, use }) => ({ kid, use }));
}
