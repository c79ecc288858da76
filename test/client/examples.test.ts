import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeJwks } from '../../src/spiffe/bundle-document.js';
import { clause } from '../conformance/prove.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi, x509Message } from '../fakes/test-workload-api.js';

afterEach(() => vi.unstubAllEnvs());

async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the examples', () => {
  it('speak mutual TLS with each other, with nothing but the environment', async () => {
    const authority = await TestAuthority.open('example.org', new Date());
    await using ofServer = await TestWorkloadApi.open();
    await using ofClient = await TestWorkloadApi.open();
    ofServer.answers.FetchX509SVID.set(x509Message(authority, [await authority.x509('/server')]));
    ofClient.answers.FetchX509SVID.set(x509Message(authority, [await authority.x509('/client')]));

    vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', ofServer.endpoint);
    vi.stubEnv('PORT', '0');
    const { server, source } = await import('../examples/mtls-server.js');
    vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', ofClient.endpoint);
    vi.stubEnv('SERVER_URL', `https://127.0.0.1:${await portOf(server)}/`);
    const { answer } = await import('../examples/mtls-client.js');
    clause('WEP-4a', () => {
      expect(answer).toBe('hello spiffe://example.org/client, this is spiffe://example.org/server\n');
    });
    await new Promise((resolve) => server.close(resolve));
    await source[Symbol.asyncDispose]();
  });

  it('present and validate a JWT-SVID', async () => {
    const authority = await TestAuthority.open('example.org', new Date());
    await using api = await TestWorkloadApi.open();
    const svid = authority.jwt({ claims: { aud: ['reports'] } });
    api.answers.FetchJWTSVID.set({
      message: { svids: [{ spiffe_id: 'spiffe://example.org/web', svid, hint: '' }] },
    });
    const jwks = Buffer.from(writeJwks(authority.bundle.jwtAuthorities));
    api.answers.FetchJWTBundles.set({ message: { bundles: { 'spiffe://example.org': jwks } } });

    vi.stubEnv('SPIFFE_ENDPOINT_SOCKET', api.endpoint);
    vi.stubEnv('PORT', '0');
    const { server, bundles } = await import('../examples/jwt-service.js');
    const url = `http://127.0.0.1:${await portOf(server)}/`;
    vi.stubEnv('SERVER_URL', url);
    const { answer } = await import('../examples/jwt-caller.js');
    expect(answer).toBe('hello spiffe://example.org/web\n');
    expect((await fetch(url)).status).toBe(401);
    const other = authority.jwt({ claims: { aud: ['other'] } });
    expect((await fetch(url, { headers: { authorization: `Bearer ${other}` } })).status).toBe(401);
    await new Promise((resolve) => server.close(resolve));
    await bundles[Symbol.asyncDispose]();
  });
});
