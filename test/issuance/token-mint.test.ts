import { compactVerify, importJWK, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { JWS_ALGORITHMS } from '../../src/encoding/jws.js';
import { mintJwt, mintWit } from '../../src/issuance/token-mint.js';
import { P256Keys } from '../../src/keys/p256.js';
import { validateJwtSvid } from '../../src/spiffe/jwt-svid.js';
import { validateWitSvid } from '../../src/spiffe/wit-svid.js';
import { clause } from '../conformance/prove.js';
import { AuthorityRoom } from '../fakes/authority-room.js';

const NOW = new Date('2030-01-01T00:00:00.789Z');
const FACTS = {
  spiffeId: 'spiffe://example.org/web',
  audience: ['a', 'b'],
  issuer: undefined,
  issuedAt: NOW,
  expiresAt: new Date('2030-01-01T00:05:00Z'),
};

/** Verifies and reads a token with the library of others. */
async function read(token: string, key: JWK | undefined) {
  const imported = await importJWK({ ...key }, JSON.parse(atob(token.split('.')[0] ?? '')).alg);
  const { payload, protectedHeader } = await compactVerify(token, imported);
  return {
    header: protectedHeader,
    claims: JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>,
  };
}

describe('a JWT-SVID', () => {
  it.each(['ES256', 'ES384', 'RS256'] as const)(
    'signed with %s is what the standard wants',
    async (algorithm) => {
      await using room = await AuthorityRoom.open();
      const { jwt, bundle } = (await room.authorities({ jwt: { algorithm } })).set.current.value;
      const { token, jti } = mintJwt(jwt, FACTS);
      const { header, claims } = await read(
        token,
        bundle.jwtAuthorities.get(jwt.kid)?.export({ format: 'jwk' }),
      );
      clause('JWT-2a', () => expect(header).toEqual({ alg: algorithm, kid: jwt.kid, typ: 'JWT' }));
      clause('JWT-2.1a', () => expect(JWS_ALGORITHMS).toContain(header.alg));
      clause('JWT-1a', () => expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/));
      clause(['JWT-3.1a', 'JWT-3.2a', 'JWT-3.3a'], () => {
        const [iat, exp] = [1_893_456_000, 1_893_456_300];
        expect(claims).toEqual({ sub: FACTS.spiffeId, aud: FACTS.audience, iat, exp, jti });
      });
      expect(validateJwtSvid(token, 'b', bundle, NOW).id.toString()).toBe(FACTS.spiffeId);
    },
  );

  it('has the issuer when one is set', async () => {
    await using room = await AuthorityRoom.open();
    const { jwt, bundle } = (await room.authorities()).set.current.value;
    const issuer = 'https://oidc.example.org';
    const { token } = mintJwt(jwt, { ...FACTS, issuer });
    const { claims } = await read(token, bundle.jwtAuthorities.get(jwt.kid)?.export({ format: 'jwk' }));
    expect(claims['iss']).toBe(issuer);
  });

  it('has another jti each time', async () => {
    await using room = await AuthorityRoom.open();
    const { jwt } = (await room.authorities()).set.current.value;
    expect(new Set(Array.from({ length: 100 }, () => mintJwt(jwt, FACTS).jti)).size).toBe(100);
  });
});

describe('a WIT-SVID', () => {
  it('is what the standard wants, and bound to the key that goes with it', async () => {
    await using room = await AuthorityRoom.open();
    const { wit, bundle } = (await room.authorities()).set.current.value;
    const { token, jti, key } = mintWit(wit, FACTS, new P256Keys());
    const { header, claims } = await read(
      token,
      bundle.witAuthorities.get(wit.kid)?.export({ format: 'jwk' }),
    );
    const { jwk } = claims['cnf'] as { jwk: Record<string, string> };
    clause(['WIT-2.2a', 'WIT-2.3a', 'WIT-2.4a'], () => {
      expect(header).toEqual({ alg: 'ES256', kid: wit.kid, typ: 'wit+jwt' });
    });
    clause(['WIT-2.1a', 'WIT-6.1a'], () => expect(bundle.jwtAuthorities.has(wit.kid)).toBe(false));
    clause('WIT-3.1a', () => expect(claims['sub']).toBe(FACTS.spiffeId));
    clause(['WIT-3.2a', 'WIT-3.2b'], () => {
      expect(Object.keys(jwk).toSorted()).toEqual(['alg', 'crv', 'kty', 'x', 'y']);
      expect(JWS_ALGORITHMS).toContain(jwk['alg']);
    });
    clause(['WIT-3.7a', 'WIT-3.8a', 'WIT-4a'], () => {
      expect(Object.keys(claims).toSorted()).toEqual(['cnf', 'exp', 'iat', 'jti', 'sub']);
    });
    clause(['WIT-3.3a', 'WIT-3.4a', 'WIT-3.6a'], () => {
      expect(claims).toMatchObject({ exp: 1_893_456_300, iat: 1_893_456_000, jti });
    });
    const { d, ...half } = JSON.parse(key) as Record<string, string>;
    expect(d).toMatch(/^[\w-]{43}$/);
    expect(half).toEqual(jwk);
    expect(validateWitSvid(token, bundle, NOW).id.toString()).toBe(FACTS.spiffeId);
  });
});
