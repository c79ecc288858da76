import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { authorizeAny, authorizeIf, authorizeMemberOf, authorizeOneOf } from '../../src/client/authorizer.js';
import { tlsClientOptions } from '../../src/client/tls-client.js';
import { tlsServerOptions } from '../../src/client/tls-server.js';
import { BundleSet } from '../../src/spiffe/bundle.js';
import { clause } from '../conformance/prove.js';
import { TestIdentity } from '../fakes/test-identity.js';
import { Conversation, openGreeter, TURNED_AWAY } from './tls-conversation.js';
import { CLIENT, SERVER, Workloads } from './workloads.js';

const ANY = authorizeAny();

describe('tlsServerOptions', () => {
  it('refuses a client whom the authorizer does not want, and says why', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    const others = [authorizeOneOf([SERVER]), authorizeMemberOf('other.test'), authorizeIf(() => false)];
    for (const authorizer of others) {
      await using greeter = await openGreeter(tlsServerOptions(server, authorizer));
      await expect(Conversation.open(greeter.port, tlsClientOptions(client, ANY))).rejects.toThrow(
        TURNED_AWAY,
      );
      expect(greeter.greeted).toEqual([]);
      const message: unknown = expect.stringContaining(`peer ${CLIENT} is refused`);
      expect(greeter.refusals).toEqual([{ code: 'TLS_PEER_REFUSED', message }]);
    }
  });

  it('demands a certificate', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    await expect(Conversation.open(greeter.port, { rejectUnauthorized: false })).rejects.toThrow(TURNED_AWAY);
    expect(greeter.greeted).toEqual([]);
    expect(greeter.refusals).toMatchObject([{ message: 'the peer presented no certificate' }]);
  });

  it('judges a client by the bundle of its own trust domain, and trusts no trust domain without one', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using stranger = await workloads.foreigner('/client');
    // Signed by an authority that is trusted, but for another trust domain.
    using forger = await workloads.foreigner('/client', { uris: [CLIENT] });
    server.bundles = stranger.bundles;
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    await clause('WAPI-4.6a', async () => {
      await expect(Conversation.open(greeter.port, tlsClientOptions(forger, ANY))).rejects.toThrow(
        TURNED_AWAY,
      );
      server.bundles = BundleSet.of([workloads.authority.bundle]);
      await expect(Conversation.open(greeter.port, tlsClientOptions(stranger, ANY))).rejects.toThrow(
        TURNED_AWAY,
      );
      expect(greeter.greeted).toEqual([]);
      expect(greeter.refusals.map(({ message }) => message)).toEqual([
        expect.stringContaining('the certificate path is not valid'),
        expect.stringContaining('other.test is not trusted'),
      ]);
    });
  });

  it('refuses an SVID that has expired, one that is not valid yet, and one with two URI SANs', async () => {
    const workloads = await Workloads.open();
    const [past, future] = [-1_000, 60_000].map((ms) => new Date(workloads.now.getTime() + ms));
    using server = await workloads.identity('/server');
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    const wishes = [{ notAfter: past }, { notBefore: future }, { uris: [CLIENT, SERVER] }, { uris: [] }];
    for (const wish of wishes) {
      const certificate = await workloads.certificate({ uris: [CLIENT], ...wish } as object);
      const connecting = Conversation.open(greeter.port, { ...certificate, rejectUnauthorized: false });
      await expect(connecting).rejects.toThrow(TURNED_AWAY);
    }
    expect(greeter.greeted).toEqual([]);
    expect(new Set(greeter.refusals.map(({ code }) => code))).toEqual(new Set(['X509_SVID_INVALID']));
    expect(greeter.refusals.map(({ message }) => message)).toEqual([
      expect.stringContaining('path is not valid'),
      expect.stringContaining('path is not valid'),
      expect.stringContaining('2 URI SANs'),
      expect.stringContaining('no URI SAN'),
    ]);
  });

  it('does not let a client of TLS 1.2 negotiate anew once it is in', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    await using greeter = await openGreeter(tlsServerOptions(server, ANY, { maxVersion: 'TLSv1.2' }));
    using conversation = await Conversation.open(greeter.port, tlsClientOptions(client, ANY));
    conversation.socket.renegotiate({ rejectUnauthorized: false }, () => {});
    await expect(conversation.hear()).rejects.toThrow(/no renegotiation/);
  });

  it('completes no handshake while the identity is withdrawn, and does again when it is back', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    const { svid } = server;
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    server.svid = undefined;
    await expect(Conversation.open(greeter.port, tlsClientOptions(client, ANY))).rejects.toThrow(/handshake/);
    server.svid = svid;
    using conversation = await Conversation.open(greeter.port, tlsClientOptions(client, ANY));
    expect(conversation.peer).toBe(SERVER);
  });

  it('stays in force when a server listens again, and for a second server with the same options', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    using other = await workloads.identity('/other');
    const asked: string[] = [];
    const authorizer = authorizeIf((id) => asked.push(id.path) > 0 && id.path === '/client');
    const options = tlsServerOptions(server, authorizer);
    await using first = await openGreeter(options);
    await using second = await openGreeter(options);
    await new Promise((resolve) => first.server.close(resolve));
    await new Promise<void>((resolve) => first.server.listen(first.port, '127.0.0.1', resolve));
    for (const { port, refusals } of [first, second]) {
      using conversation = await Conversation.open(port, tlsClientOptions(client, ANY));
      expect(conversation.peer).toBe(SERVER);
      await expect(Conversation.open(port, tlsClientOptions(other, ANY))).rejects.toThrow(TURNED_AWAY);
      expect(refusals).toHaveLength(1);
    }
    expect(asked).toEqual(['/client', '/other', '/client', '/other']);
  });

  it('leaves a server without certificate that gets its connections from another', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    const hidden = createServer(tlsServerOptions(server, ANY));
    hidden.on('tlsClientError', () => {});
    const plain = createPlainServer((socket) => hidden.emit('connection', socket));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    await expect(Conversation.open(port, tlsClientOptions(client, ANY))).rejects.toThrow(/handshake/);
    await new Promise((resolve) => plain.close(resolve));
  });

  it('leaves other servers of the program alone', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using other = await workloads.identity('/other');
    tlsServerOptions(server, ANY);
    await using greeter = await openGreeter(tlsServerOptions(other, ANY));
    using client = new TestIdentity(server.current, [workloads.authority], workloads.now);
    using conversation = await Conversation.open(greeter.port, tlsClientOptions(client, ANY));
    expect(conversation.peer).toBe('spiffe://example.org/other');
  });
});
