import { describe, expect, it } from 'vitest';
import { authorizeAny, authorizeMemberOf, authorizeOneOf } from '../../src/client/authorizer.js';
import { tlsClientOptions } from '../../src/client/tls-client.js';
import { tlsServerOptions } from '../../src/client/tls-server.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { Conversation, openGreeter } from './tls-conversation.js';
import { CLIENT, SERVER, Workloads } from './workloads.js';

const ANY = authorizeAny();

describe('mutual TLS', () => {
  it('tells each side who the other is, with plain tls.createServer and tls.connect', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    await using greeter = await openGreeter(tlsServerOptions(server, authorizeOneOf([CLIENT])));
    const options = tlsClientOptions(client, authorizeOneOf([SERVER]));
    using conversation = await Conversation.open(greeter.port, options);
    expect(conversation.peer).toBe(SERVER);
    expect(greeter.greeted).toEqual([CLIENT]);
    expect(conversation.socket.getProtocol()).toBe('TLSv1.3');
  });

  it('works between federated trust domains, and over TLS 1.2', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.foreigner('/client');
    server.bundles = client.bundles;
    const serving = tlsServerOptions(server, authorizeMemberOf('other.test'), { maxVersion: 'TLSv1.2' });
    await using greeter = await openGreeter(serving);
    const options = tlsClientOptions(client, authorizeMemberOf('example.org'));
    using conversation = await Conversation.open(greeter.port, options);
    expect(greeter.greeted).toEqual(['spiffe://other.test/client']);
    expect(conversation.socket.getProtocol()).toBe('TLSv1.2');
  });

  it('needs no more than intermediates that are sent along, or authorities that are not self-signed', async () => {
    const workloads = await Workloads.open();
    const middle = await workloads.intermediate();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    server.svid = await workloads.below(middle, SERVER);
    client.svid = await workloads.below(middle, CLIENT);
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    using first = await Conversation.open(greeter.port, tlsClientOptions(client, ANY));
    expect(first.peer).toBe(SERVER);

    const bundle = Bundle.of(workloads.authority.trustDomain, { x509Authorities: [middle.der] });
    server.bundles = BundleSet.of([bundle]);
    client.bundles = BundleSet.of([bundle]);
    using second = await Conversation.open(greeter.port, tlsClientOptions(client, ANY));
    expect(second.peer).toBe(SERVER);
    expect(greeter.greeted).toEqual([CLIENT, CLIENT]);
  });

  it('takes new certificates and new bundles for new connections, and lets old ones go on', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    await using greeter = await openGreeter(tlsServerOptions(server, ANY));
    // One set of options for all of it, as a program keeps them.
    const options = tlsClientOptions(client, ANY);
    using before = await Conversation.open(greeter.port, options);
    expect(before.shown).toBe(server.current.serial);

    const next = await Workloads.open();
    const [serverSvid, clientSvid] = await Promise.all([
      next.authority.x509('/server'),
      next.authority.x509('/client'),
    ]);
    const bundles = BundleSet.of([next.authority.bundle]);
    for (const [side, { svid }] of [
      [server, serverSvid],
      [client, clientSvid],
    ] as const) {
      side.svid = svid;
      side.bundles = bundles;
    }
    using after = await Conversation.open(greeter.port, options);
    expect(after.shown).toBe(serverSvid.svid.serial);
    expect(await before.echo('still here')).toBe('still here');
    expect(await after.echo('here too')).toBe('here too');
  });
});
