import { describe, expect, it } from 'vitest';
import {
  writeJwksResponse,
  writeJwtSvidResponse,
  writeWitSvidResponse,
  writeX509BundlesResponse,
  writeX509SvidResponse,
} from '../../src/wire/responses.js';
import { workloadApiMethods } from '../../src/wire/workload-api.js';

const methods = workloadApiMethods();
/** Lengths at which a varint grows by a byte. */
const LENGTHS = [1, 127, 128, 300, 16_383, 16_384, 100_000];

function filled(length: number, value = 7): Buffer {
  return Buffer.alloc(length, value);
}

describe('the hand-written responses', () => {
  it.each(LENGTHS)('write an X509SVIDResponse as protobufjs does, with fields of %i bytes', (length) => {
    const chain = filled(length);
    const bundle = [filled(length, 1), filled(3, 2)];
    const written = writeX509SvidResponse(
      [
        { spiffeId: 'spiffe://example.org/web', chain, key: filled(138), hint: '' },
        { spiffeId: 'spiffe://example.org/täst', chain, key: filled(138), hint: 'internal' },
      ],
      bundle,
      new Map([
        ['spiffe://one.example', [filled(length)]],
        ['spiffe://two.example', [filled(2), filled(length)]],
      ]),
    );
    const own = { x509_svid: chain, x509_svid_key: filled(138), bundle: Buffer.concat(bundle) };
    const expected = methods.FetchX509SVID.responseSerialize({
      svids: [
        { spiffe_id: 'spiffe://example.org/web', ...own },
        { spiffe_id: 'spiffe://example.org/täst', ...own, hint: 'internal' },
      ],
      federated_bundles: {
        'spiffe://one.example': filled(length),
        'spiffe://two.example': Buffer.concat([filled(2), filled(length)]),
      },
    } as never);
    expect(written.equals(expected)).toBe(true);
  });

  it('write an X509BundlesResponse as protobufjs does, also for a trust domain without certificates', () => {
    const written = writeX509BundlesResponse([
      ['spiffe://example.org', [filled(500), filled(501)]],
      ['spiffe://none.example', []],
    ]);
    const bundles = {
      'spiffe://example.org': Buffer.concat([filled(500), filled(501)]),
      'spiffe://none.example': Buffer.alloc(0),
    };
    expect(written).toEqual(methods.FetchX509Bundles.responseSerialize({ bundles } as never));
  });

  it('write a JWTSVIDResponse as protobufjs does', () => {
    const written = writeJwtSvidResponse([
      { spiffeId: 'spiffe://example.org/a', token: 'x'.repeat(900), hint: 'h' },
      { spiffeId: 'spiffe://example.org/b', token: 'y', hint: '' },
    ]);
    const svids = [
      { spiffe_id: 'spiffe://example.org/a', svid: 'x'.repeat(900), hint: 'h' },
      { spiffe_id: 'spiffe://example.org/b', svid: 'y' },
    ];
    expect(written).toEqual(methods.FetchJWTSVID.responseSerialize({ svids } as never));
  });

  it('write JWTBundlesResponse and WITBundlesResponse as protobufjs does', () => {
    const document = '{"keys":[]}';
    const written = writeJwksResponse([['spiffe://example.org', Buffer.from(document)]]);
    const asBytes = { bundles: { 'spiffe://example.org': Buffer.from(document) } };
    const asText = { bundles: { 'spiffe://example.org': document } };
    expect(written).toEqual(methods.FetchJWTBundles.responseSerialize(asBytes));
    expect(written).toEqual(methods.FetchWITBundles.responseSerialize(asText));
  });

  it('write a WITSVIDResponse as protobufjs does', () => {
    const written = writeWitSvidResponse([
      { spiffeId: 'spiffe://example.org/a', token: 't', key: '{"kty":"EC"}', hint: 'h' },
    ]);
    const svids = [
      { spiffe_id: 'spiffe://example.org/a', wit_svid: 't', wit_svid_key: '{"kty":"EC"}', hint: 'h' },
    ];
    expect(written).toEqual(methods.FetchWITSVID.responseSerialize({ svids }));
  });

  it('write nothing for nothing', () => {
    expect(writeX509SvidResponse([], [], []).length).toBe(0);
    expect(writeJwtSvidResponse([]).length).toBe(0);
  });
});
