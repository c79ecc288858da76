import { createPrivateKey, createPublicKey, X509Certificate, type webcrypto } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { BundleSet } from '../../src/spiffe/bundle.js';
import { readJwks } from '../../src/spiffe/bundle-document.js';
import { splitCertificates } from '../../src/spiffe/x509-svid.js';
import { readStruct } from '../../src/wire/struct.js';
import { workloadApiMethods, type WorkloadApi, type X509SVIDResponse } from '../../src/wire/workload-api.js';
import { FakeProcess } from '../fakes/fake-rooms.js';
import { anEntry } from '../fakes/issuance-room.js';
import { IssuingEndpoint } from '../fakes/issuing-endpoint.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { WireClient } from '../fakes/wire-client.js';
import { clause } from './prove.js';

const methods = workloadApiMethods();
const WEB = 'spiffe://example.org/web';
const TWO = [anEntry('web', { hint: 'external' }), anEntry('db', { hint: 'internal' })];

function client(endpoint: IssuingEndpoint): WireClient<WorkloadApi> {
  return new WireClient(endpoint.path, methods);
}

function ids(message: { readonly svids: readonly { readonly spiffe_id: string }[] }): string[] {
  return message.svids.map(({ spiffe_id }) => spiffe_id);
}

/** A trust domain whose bundle the endpoint has. */
async function federate(endpoint: IssuingEndpoint): Promise<TestAuthority> {
  const partner = await TestAuthority.open('partner.example');
  const { own } = endpoint.room.foreign.current.value;
  endpoint.room.foreign.set({ bundles: BundleSet.of([partner.bundle]), own });
  return partner;
}

function jwks(bundles: Readonly<Record<string, Uint8Array | string>>, id: string): Record<string, unknown>[] {
  const document = JSON.parse(Buffer.from(bundles[id] ?? '').toString()) as {
    keys: Record<string, unknown>[];
  };
  return document.keys;
}

describe('SPIFFE Workload API: the wire', () => {
  it('has the paths, the RPCs and the field numbers of the standard', () => {
    clause('WAPI-P1', () => {
      for (const [name, { path }] of Object.entries(methods)) expect(path).toBe(`/SpiffeWorkloadAPI/${name}`);
    });
    clause('WAPI-P2', () => {
      const streams = Object.entries(methods).map(([name, { responseStream }]) => [name, responseStream]);
      expect(Object.fromEntries(streams)).toEqual({
        FetchX509SVID: true,
        FetchX509Bundles: true,
        FetchJWTSVID: false,
        FetchJWTBundles: true,
        ValidateJWTSVID: false,
        FetchWITSVID: true,
        FetchWITBundles: true,
      });
    });
    clause('WAPI-P3', () => {
      const own = {
        spiffe_id: 's',
        x509_svid: Buffer.from('c'),
        x509_svid_key: Buffer.from('k'),
        bundle: Buffer.from('b'),
      };
      const hex = (bytes: Buffer): string => bytes.toString('hex');
      const bytes = { x: Buffer.from('y') };
      expect(
        hex(
          methods.FetchX509SVID.responseSerialize({
            svids: [{ ...own, hint: 'h' }],
            crl: [Buffer.from('r')],
            federated_bundles: bytes,
          }),
        ),
      ).toBe('0a0f0a01731201631a016b2201622a01681201721a060a0178120179');
      expect(
        hex(methods.FetchX509Bundles.responseSerialize({ crl: [Buffer.from('r')], bundles: bytes })),
      ).toBe('0a017212060a0178120179');
      expect(hex(methods.FetchJWTSVID.requestSerialize({ audience: ['a', 'b'], spiffe_id: 's' }))).toBe(
        '0a01610a0162120173',
      );
      expect(
        hex(methods.FetchJWTSVID.responseSerialize({ svids: [{ spiffe_id: 's', svid: 't', hint: 'h' }] })),
      ).toBe('0a090a01731201741a0168');
      expect(hex(methods.FetchJWTBundles.responseSerialize({ bundles: bytes }))).toBe('0a060a0178120179');
      expect(hex(methods.ValidateJWTSVID.requestSerialize({ audience: 'a', svid: 't' }))).toBe(
        '0a0161120174',
      );
      expect(hex(methods.ValidateJWTSVID.responseSerialize({ spiffe_id: 's', claims: { fields: {} } }))).toBe(
        '0a01731200',
      );
      expect(hex(methods.FetchWITSVID.requestSerialize({ spiffe_id: 's' }))).toBe('0a0173');
      expect(
        hex(
          methods.FetchWITSVID.responseSerialize({
            svids: [{ spiffe_id: 's', wit_svid: 't', wit_svid_key: 'k', hint: 'h' }],
          }),
        ),
      ).toBe('0a0c0a01731201741a016b220168');
      expect(hex(methods.FetchWITBundles.responseSerialize({ bundles: { x: 'y' } }))).toBe(
        '0a060a0178120179',
      );
    });
  });

  it('sends DER, leaf first, with a plain PKCS#8 key, and maps keyed by SPIFFE IDs of trust domains', async () => {
    await using endpoint = await IssuingEndpoint.open([
      anEntry('web', { federatesWith: ['partner.example'] }),
    ]);
    const partner = await federate(endpoint);
    using calls = client(endpoint);
    const message = await calls.stream('FetchX509SVID').next();
    const [svid] = message.svids;
    clause('WAPI-P4', () => {
      const chain = splitCertificates(svid?.x509_svid ?? Buffer.alloc(0)).map(
        (der) => new X509Certificate(der),
      );
      const key = createPrivateKey({
        key: Buffer.from(svid?.x509_svid_key ?? []),
        format: 'der',
        type: 'pkcs8',
      });
      expect(chain[0]?.subjectAltName).toBe(`URI:${WEB}`);
      expect(chain[0]?.checkPrivateKey(key)).toBe(true);
      const [root] = splitCertificates(svid?.bundle ?? Buffer.alloc(0)).map(
        (der) => new X509Certificate(der),
      );
      expect(chain.at(-1)?.verify((root as X509Certificate).publicKey)).toBe(true);
    });
    await clause('WAPI-P5', async () => {
      const expected = ['spiffe://example.org', 'spiffe://partner.example'];
      expect(Object.keys(message.federated_bundles)).toEqual(['spiffe://partner.example']);
      for (const rpc of ['FetchX509Bundles', 'FetchJWTBundles', 'FetchWITBundles'] as const) {
        expect(Object.keys((await calls.stream(rpc).next()).bundles)).toEqual(expected);
      }
    });
    clause('WAPI-5.2.1e', () => {
      expect(message.crl).toEqual([]);
      expect(message.federated_bundles['spiffe://partner.example']).toEqual(
        Buffer.concat(partner.bundle.x509Authorities),
      );
      expect(Buffer.from(svid?.bundle ?? []).equals(Buffer.concat(partner.bundle.x509Authorities))).toBe(
        false,
      );
    });
  });
});

describe('SPIFFE Workload API: streams', () => {
  it('answers each stream at once with the full state, and again when the state changes', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    const first = calls.stream('FetchX509SVID');
    const second = calls.stream('FetchX509SVID');
    await clause('WAPI-4.3b', async () => {
      expect(ids(await first.next())).toEqual([WEB]);
      expect(ids(await second.next())).toEqual([WEB]);
      expect(ids(await calls.stream('FetchX509SVID').next())).toEqual([WEB]);
    });
    endpoint.room.setEntries(anEntry('web'), anEntry('db'));
    await clause(['WAPI-4.3a', 'WAPI-4.3c'], async () => {
      expect(ids(await first.next())).toEqual(['spiffe://example.org/db', WEB]);
      expect(ids(await second.next())).toEqual(['spiffe://example.org/db', WEB]);
    });
  });

  it('tells its callers apart by itself, whatever they send', async () => {
    const entries = [anEntry('web'), anEntry('root', { selectors: ['unix:uid:0'] })];
    await using endpoint = await IssuingEndpoint.open(entries);
    await clause('WAPI-4.1a', async () => {
      using calls = client(endpoint);
      expect(ids(await calls.stream('FetchX509SVID').next())).toEqual([WEB]);
      endpoint.door.process = new FakeProcess(1, 0);
      using roots = client(endpoint);
      expect(ids(await roots.stream('FetchX509SVID').next())).toEqual(['spiffe://example.org/root']);
      expect(ids(await calls.stream('FetchX509SVID').next())).toEqual([WEB]);
    });
  });

  it('keeps identical bundle messages to itself', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    const streams = [
      calls.stream('FetchX509Bundles'),
      calls.stream('FetchJWTBundles'),
      calls.stream('FetchWITBundles'),
    ];
    for (const messages of streams) await messages.next();
    const svids = calls.stream('FetchX509SVID');
    await svids.next();
    // An entry more changes the SVIDs, but no bundle.
    endpoint.room.setEntries(anEntry('web'), anEntry('db'));
    await svids.next();
    await clause('DEF-5', async () => {
      for (const messages of streams) expect(await messages.isSilent()).toBe(true);
    });
  });
});

describe('SPIFFE Workload API: X.509', () => {
  it('sends each identity with all its fields, in one order, with hints that differ', async () => {
    await using endpoint = await IssuingEndpoint.open(TWO);
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    const message = await messages.next();
    clause(['WAPI-5.2.1a', 'WAPI-1a'], () => expect(ids(message)).toEqual(['spiffe://example.org/db', WEB]));
    clause('WAPI-5.2.1b', () => {
      for (const { x509_svid, x509_svid_key, bundle } of message.svids) {
        expect([x509_svid, x509_svid_key, bundle].every(({ length }) => length > 100)).toBe(true);
      }
    });
    clause('WAPI-5.2.1c', () =>
      expect(message.svids.map(({ hint }) => hint)).toEqual(['internal', 'external']),
    );
    await clause('WAPI-8a', async () => {
      const orders: string[][] = [];
      const watch = calls.stream('FetchX509SVID');
      orders.push(ids(await watch.next()), ids(await calls.stream('FetchX509SVID').next()));
      await endpoint.room.pass(8 * 60_000, 60_000);
      const rotated: X509SVIDResponse = await watch.next();
      orders.push(ids(rotated));
      expect(rotated.svids[0]?.x509_svid).not.toEqual(message.svids[0]?.x509_svid);
      expect(orders).toEqual(orders.map(() => ['spiffe://example.org/db', WEB]));
      expect(orders.length).toBe(3);
    });
  });

  it('drops the younger of two equal hints, and keeps one of 1,024 bytes as it is', async () => {
    const older = anEntry('older', { hint: 'h'.repeat(1024), createdAt: new Date('2028-01-01T00:00:00Z') });
    const younger = anEntry('a-younger', { hint: 'h'.repeat(1024) });
    await using endpoint = await IssuingEndpoint.open([younger, older, anEntry('none-1'), anEntry('none-2')]);
    using calls = client(endpoint);
    const served = [
      'spiffe://example.org/none-1',
      'spiffe://example.org/none-2',
      'spiffe://example.org/older',
    ];
    await clause('DEF-6', async () => {
      expect(ids(await calls.stream('FetchX509SVID').next())).toEqual(served);
      expect(ids(await calls.unary('FetchJWTSVID', { audience: ['a'] }))).toEqual(served);
      expect(ids(await calls.stream('FetchWITSVID').next())).toEqual(served);
    });
    expect((await calls.stream('FetchX509SVID').next()).svids[2]?.hint.length).toBe(1024);
  });

  it('denies permission without an identity, also when it is lost in mid-stream', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    const messages = calls.stream('FetchX509SVID');
    await messages.next();
    endpoint.room.setEntries();
    await clause('WAPI-5.2.1d', async () => {
      expect(await messages.end()).toMatchObject({ code: status.PERMISSION_DENIED });
      expect(await calls.stream('FetchX509SVID').end()).toMatchObject({ code: status.PERMISSION_DENIED });
    });
    await clause('AMB-7', async () => {
      for (const rpc of ['FetchX509Bundles', 'FetchJWTBundles', 'FetchWITBundles'] as const) {
        expect(await calls.stream(rpc).end()).toMatchObject({ code: status.PERMISSION_DENIED });
      }
    });
  });

  it('sends the own bundle to who asks for bundles', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    await clause('WAPI-5.2.2a', async () => {
      const { bundles, crl } = await calls.stream('FetchX509Bundles').next();
      expect(crl).toEqual([]);
      const own = Buffer.concat(endpoint.room.authorities.set.current.value.bundle.x509Authorities);
      expect(bundles).toEqual({ 'spiffe://example.org': own });
    });
  });
});

describe('SPIFFE Workload API: JWT', () => {
  it('issues for the audiences that were asked for, for all identities or the one that is named', async () => {
    await using endpoint = await IssuingEndpoint.open(TWO);
    using calls = client(endpoint);
    const audience = ['spiffe://example.org/api', 'https://api.example'];
    const { svids } = await calls.unary('FetchJWTSVID', { audience });
    clause('WAPI-6.2.1a', () => {
      for (const { svid } of svids) expect(payload(svid)['aud']).toEqual(audience);
    });
    await clause('WAPI-6.2.1b', async () => {
      expect(ids({ svids })).toEqual(['spiffe://example.org/db', WEB]);
      expect(ids(await calls.unary('FetchJWTSVID', { audience, spiffe_id: WEB }))).toEqual([WEB]);
    });
    clause('WAPI-6.2.1d', () => expect(svids.map(({ hint }) => hint)).toEqual(['internal', 'external']));
    await clause('WAPI-6.2.1c', async () => {
      const other = { audience, spiffe_id: 'spiffe://example.org/other' };
      expect(await calls.refused('FetchJWTSVID', other)).toMatchObject({ code: status.PERMISSION_DENIED });
      endpoint.room.setEntries();
      expect(await calls.refused('FetchJWTSVID', { audience })).toMatchObject({
        code: status.PERMISSION_DENIED,
      });
    });
  });

  it('refuses mandatory fields that are empty, and names that are malformed', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    await clause('WAPI-4.5a', async () => {
      for (const [error, details] of [
        [await calls.refused('FetchJWTSVID', {}), 'audience must be specified'],
        [await calls.refused('FetchJWTSVID', { audience: ['a', ''] }), 'audience must be specified'],
        [await calls.refused('ValidateJWTSVID', { svid: 'x' }), 'audience must be specified'],
        [await calls.refused('ValidateJWTSVID', { audience: 'a' }), 'svid must be specified'],
      ] as const) {
        expect(error.code).toBe(status.INVALID_ARGUMENT);
        expect(error.details).toMatch(new RegExp(`^${details} \\(call \\d+\\)$`, 'u'));
      }
    });
    await clause('AMB-6', async () => {
      const jwt = await calls.refused('FetchJWTSVID', {
        audience: ['a'],
        spiffe_id: 'spiffe://example.org/a/',
      });
      const wit = await calls.stream('FetchWITSVID', { spiffe_id: 'example.org' }).end();
      const token = await calls.refused('ValidateJWTSVID', { audience: 'a', svid: 'a.b.c' });
      for (const { code } of [jwt, wit, token]) expect(code).toBe(status.INVALID_ARGUMENT);
      for (const { details } of [jwt, wit]) expect(details).toMatch(/^invalid requested SPIFFE ID: /u);
    });
  });

  it('sends JWT keys and nothing else, also when there are none', async () => {
    const entries = [anEntry('web', { federatesWith: ['partner.example'] })];
    await using endpoint = await IssuingEndpoint.open(entries);
    await federate(endpoint);
    using calls = client(endpoint);
    const { bundles } = await calls.stream('FetchJWTBundles').next();
    const { bundle } = endpoint.room.authorities.set.current.value;
    clause('WAPI-6.2.2a', () => {
      expect(jwks(bundles, 'spiffe://example.org').map(({ kid }) => kid)).toEqual([
        ...bundle.jwtAuthorities.keys(),
      ]);
      expect(jwks(bundles, 'spiffe://partner.example').map(({ kid }) => kid)).toEqual(['jwt-key-1']);
    });
    clause(['WAPI-6.2.2b', 'AMB-5'], () => {
      const keys = jwks(bundles, 'spiffe://example.org');
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) {
        expect(Object.keys(key).toSorted()).toEqual(['crv', 'kid', 'kty', 'x', 'y']);
        expect(bundle.witAuthorities.has(String(key['kid']))).toBe(false);
      }
      expect(readJwks(bundles['spiffe://example.org'] ?? '', 'jwt-svid').size).toBe(keys.length);
    });
  });

  it('validates tokens of the own and of federated trust domains, and no others', async () => {
    await using endpoint = await IssuingEndpoint.open([
      anEntry('web', { federatesWith: ['partner.example'] }),
    ]);
    const partner = await federate(endpoint);
    const stranger = await TestAuthority.open('stranger.example');
    using calls = client(endpoint);
    const [own] = (await calls.unary('FetchJWTSVID', { audience: ['me', 'you'] })).svids;
    const foreign = partner.jwt({ claims: { aud: 'me', email: 'a@b' } });

    await clause(['WAPI-6.2.3c', 'WAPI-6.2.3b'], async () => {
      const answer = await calls.unary('ValidateJWTSVID', { audience: 'me', svid: own?.svid ?? '' });
      const claims = readStruct(answer.claims);
      expect(answer.spiffe_id).toBe(WEB);
      expect(claims).toMatchObject({ sub: WEB, aud: ['me', 'you'], exp: payload(own?.svid ?? '')['exp'] });
    });
    await clause('DEF-4', async () => {
      const { claims } = await calls.unary('ValidateJWTSVID', { audience: 'me', svid: foreign });
      expect({ ...readStruct(claims) }).toEqual({
        sub: 'spiffe://partner.example/web',
        aud: ['me'],
        exp: payload(foreign)['exp'],
      });
    });
    await clause('WAPI-6.2.3a', async () => {
      const wrong = [
        { audience: 'other', svid: own?.svid ?? '' },
        { audience: 'me', svid: (own?.svid ?? '').slice(0, -8) + 'AAAAAAAA' },
        { audience: 'test-audience', svid: partner.jwt({ claims: { exp: 1 } }) },
        { audience: 'test-audience', svid: partner.jwt({ header: { typ: 'at+jwt' } }) },
      ];
      for (const request of wrong) {
        expect(await calls.refused('ValidateJWTSVID', request)).toMatchObject({
          code: status.INVALID_ARGUMENT,
        });
      }
    });
    await clause(['WAPI-6.3c', 'WAPI-4.6a'], async () => {
      const masked = partner.jwt({ claims: { sub: 'spiffe://example.org/web' } });
      for (const svid of [stranger.jwt(), masked]) {
        const error = await calls.refused('ValidateJWTSVID', { audience: 'test-audience', svid });
        expect(error.code).toBe(status.INVALID_ARGUMENT);
      }
    });
  });

  it('carries claims of every kind without loss', async () => {
    const entries = [anEntry('web', { federatesWith: ['partner.example'] })];
    await using endpoint = await IssuingEndpoint.open(entries, { foreignJwtClaims: ['all', '__proto__'] });
    const partner = await federate(endpoint);
    using calls = client(endpoint);
    const all = {
      whole: 42,
      real: 0.25,
      text: 'ä',
      yes: true,
      none: null,
      empty: [],
      nested: { list: [1, [], {}] },
    };
    await clause('WAPI-Struct', async () => {
      const payload = JSON.parse(`{"__proto__":{"a":1}}`) as object;
      const svid = partner.jwt({ claims: { all, ...payload } });
      const { claims } = await calls.unary('ValidateJWTSVID', { audience: 'test-audience', svid });
      const read = readStruct(claims);
      expect(JSON.parse(JSON.stringify(read['all']))).toEqual(all);
      expect(JSON.stringify(read['__proto__'])).toBe('{"a":1}');
    });
  });

  it('needs no identity to validate, and says UNAVAILABLE when it cannot sign', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    const [own] = (await calls.unary('FetchJWTSVID', { audience: ['me'] })).svids;
    endpoint.room.setEntries(anEntry('other', { selectors: ['unix:uid:7'] }));
    await clause('DEF-3', async () => {
      const answer = await calls.unary('ValidateJWTSVID', { audience: 'me', svid: own?.svid ?? '' });
      expect(answer.spiffe_id).toBe(WEB);
      endpoint.room.setEntries(anEntry('web'));
      endpoint.room.outer.recorder.full = true;
      const error = await calls.refused('FetchJWTSVID', { audience: ['another'] });
      expect([error.code, error.details.replace(/\d+\)/u, 'N)')]).toEqual([
        status.UNAVAILABLE,
        'could not fetch JWT-SVID: RECORD_UNWRITABLE (call N)',
      ]);
    });
  });

  it('looks at the header first, then the fields, then the process, then its entries', async () => {
    let attested = 0;
    await using endpoint = await IssuingEndpoint.open([], {
      attest: () => {
        attested += 1;
        throw new SpoorError('ATTESTATION_FAILED', 'workload attestation failed');
      },
    });
    using calls = client(endpoint);
    await clause('DEF-2', async () => {
      const headless = await calls.refused('FetchJWTSVID', {}, new Metadata());
      expect(headless.details).toMatch(/^security header missing/u);
      expect((await calls.refused('FetchJWTSVID', {})).details).toMatch(/^audience must be specified/u);
      const malformed = { audience: ['a'], spiffe_id: 'x' };
      expect((await calls.refused('FetchJWTSVID', malformed)).details).toMatch(
        /^invalid requested SPIFFE ID/u,
      );
      expect(attested).toBe(0);
      const fine = await calls.refused('FetchJWTSVID', { audience: ['a'] });
      expect([fine.code, attested]).toEqual([status.UNAVAILABLE, 1]);
    });
  });
});

describe('SPIFFE Workload API: WIT', () => {
  it('streams WIT-SVIDs with their keys, and renews them', async () => {
    await using endpoint = await IssuingEndpoint.open(TWO);
    using calls = client(endpoint);
    const messages = calls.stream('FetchWITSVID');
    const { svids } = await messages.next();
    clause('WAPI-7.2.1b', () => {
      for (const { wit_svid, wit_svid_key } of svids) {
        const key = createPrivateKey({
          key: JSON.parse(wit_svid_key) as webcrypto.JsonWebKey,
          format: 'jwk',
        });
        const { cnf } = payload(wit_svid) as { cnf: { jwk: webcrypto.JsonWebKey } };
        expect(createPublicKey(key).equals(createPublicKey({ key: cnf.jwk, format: 'jwk' }))).toBe(true);
        expect(cnf.jwk['d']).toBeUndefined();
      }
    });
    await clause(['WAPI-7.2.1a', 'WAPI-1b'], async () => {
      expect(ids({ svids })).toEqual(['spiffe://example.org/db', WEB]);
      expect(svids.map(({ hint }) => hint)).toEqual(['internal', 'external']);
      expect(ids(await calls.stream('FetchWITSVID', { spiffe_id: WEB }).next())).toEqual([WEB]);
      await endpoint.room.pass(8 * 60_000, 60_000);
      const renewed = await messages.next();
      expect(ids(renewed)).toEqual(ids({ svids }));
      expect(renewed.svids[0]?.wit_svid).not.toBe(svids[0]?.wit_svid);
      const other = calls.stream('FetchWITSVID', { spiffe_id: 'spiffe://example.org/other' });
      expect(await other.end()).toMatchObject({ code: status.PERMISSION_DENIED });
    });
  });

  it('sends WIT keys, each with a kid, under their own use', async () => {
    await using endpoint = await IssuingEndpoint.open();
    using calls = client(endpoint);
    await clause(['WAPI-7.2.2a', 'AMB-5'], async () => {
      const { bundles } = await calls.stream('FetchWITBundles').next();
      const { witAuthorities } = endpoint.room.authorities.set.current.value.bundle;
      const keys = jwks(bundles, 'spiffe://example.org');
      expect(keys.map(({ kid }) => kid)).toEqual([...witAuthorities.keys()]);
      expect(keys.map(({ use }) => use)).toEqual(keys.map(() => 'wit-svid'));
    });
  });

  it('is UNIMPLEMENTED in both RPCs when it is switched off', async () => {
    await using endpoint = await IssuingEndpoint.open(undefined, { profiles: { wit: false } });
    using calls = client(endpoint);
    await clause('WAPI-7a', async () => {
      for (const rpc of ['FetchWITSVID', 'FetchWITBundles'] as const) {
        expect(await calls.stream(rpc).end()).toMatchObject({ code: status.UNIMPLEMENTED });
      }
      expect(ids(await calls.stream('FetchX509SVID').next())).toEqual([WEB]);
    });
  });
});

function payload(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}
