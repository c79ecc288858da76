import { createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { authorizeAny, authorizeMemberOf, authorizeOneOf } from '../../src/client/authorizer.js';
import { peerSpiffeId } from '../../src/client/tls-peer.js';
import { tlsClientOptions } from '../../src/client/tls-client.js';
import { tlsServerOptions } from '../../src/client/tls-server.js';
import type { CertificateWish } from '../fakes/test-certificate.js';
import { clause } from '../conformance/prove.js';
import { Conversation, openGreeter } from './tls-conversation.js';
import { CLIENT, SERVER, Workloads } from './workloads.js';

const ANY = authorizeAny();

afterEach(() => vi.unstubAllEnvs());

/** A server with any certificate, by Node's own TLS. */
async function openOther(
  workloads: Workloads,
  wish: CertificateWish,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<TLSSocket>();
  const server = createServer(await workloads.certificate(wish), (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write('hello');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

describe('tlsClientOptions', () => {
  it('refuses a server whom the authorizer does not want', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    for (const authorizer of [authorizeOneOf([CLIENT]), authorizeMemberOf('other.test')]) {
      const connecting = Conversation.open(greeter.port, tlsClientOptions(client, authorizer));
      await expect(connecting).rejects.toMatchObject({ code: 'TLS_PEER_REFUSED', facts: { peer: SERVER } });
    }
  });

  it('judges a server by the bundle of its own trust domain, and trusts no trust domain without one', async () => {
    const workloads = await Workloads.open();
    using client = await workloads.identity('/client');
    using stranger = await workloads.foreigner('/server');
    using forger = await workloads.foreigner('/server', { uris: [SERVER] });
    await clause('WAPI-4.6a', async () => {
      await using strange = await openGreeter(tlsServerOptions(stranger, ANY));
      await expect(Conversation.open(strange.port, tlsClientOptions(client, ANY))).rejects.toThrow(
        /unable to verify|self-signed|local issuer/,
      );
      // OpenSSL finds a path for this one; the bundle of the trust domain that it names has none.
      client.bundles = stranger.bundles;
      await using forged = await openGreeter(tlsServerOptions(forger, ANY));
      const connecting = Conversation.open(forged.port, tlsClientOptions(client, ANY));
      await expect(connecting).rejects.toMatchObject({
        code: 'X509_SVID_INVALID',
        facts: { clause: 'X509-5.1a' },
      });
    });
  });

  it('refuses an SVID that has expired, two URI SANs, and a certificate that has a host name but no SPIFFE ID', async () => {
    const workloads = await Workloads.open();
    using client = await workloads.identity('/client');
    const dns = [{ type: 'dns', value: 'localhost' } as const];
    const cases = [
      [{ uris: [SERVER], notAfter: new Date(workloads.now.getTime() - 1_000) }, 'CERT_HAS_EXPIRED'],
      [{ uris: [SERVER, CLIENT] }, 'X509_SVID_INVALID'],
      [{ uris: [], otherNames: dns }, 'X509_SVID_INVALID'],
    ] as const;
    for (const [wish, code] of cases) {
      await using other = await openOther(workloads, wish);
      const connecting = Conversation.open(other.port, {
        ...tlsClientOptions(client, ANY),
        servername: 'localhost',
      });
      await expect(connecting).rejects.toMatchObject({ code });
    }
  });

  it('refuses as ever where the environment tells Node to accept anybody', async () => {
    const workloads = await Workloads.open();
    using client = await workloads.identity('/client');
    using stranger = await workloads.foreigner('/server');
    await using greeter = await openGreeter(tlsServerOptions(stranger, ANY));
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    await expect(Conversation.open(greeter.port, tlsClientOptions(client, ANY))).rejects.toThrow(
      /local issuer/,
    );
  });

  it('does not care for the host name that the certificate lacks', async () => {
    const workloads = await Workloads.open();
    using client = await workloads.identity('/client');
    await using other = await openOther(workloads, { uris: [SERVER] });
    const options = { ...tlsClientOptions(client, ANY), servername: 'payments.internal' };
    using conversation = await Conversation.open(other.port, options);
    expect(conversation.peer).toBe(SERVER);
  });

  it('says that there is no identity to connect with while it is withdrawn', async () => {
    const workloads = await Workloads.open();
    using client = await workloads.identity('/client');
    const options = tlsClientOptions(client, ANY);
    client.svid = undefined;
    await expect(async () => Conversation.open(1, options)).rejects.toMatchObject({
      code: 'IDENTITY_NOT_ISSUED',
    });
  });

  it('gives the SPIFFE ID of a peer only on a connection that was let in', async () => {
    const workloads = await Workloads.open();
    await using other = await openOther(workloads, { uris: [SERVER] });
    using conversation = await Conversation.open(other.port, { rejectUnauthorized: false });
    expect(() => peerSpiffeId(conversation.socket)).toThrow(
      expect.objectContaining({ code: 'TLS_PEER_REFUSED' }),
    );
  });
});
