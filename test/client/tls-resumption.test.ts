import { once } from 'node:events';
import { Agent, createServer as createHttpsServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { authorizeAny, authorizeIf, authorizeOneOf } from '../../src/client/authorizer.js';
import { tlsClientOptions } from '../../src/client/tls-client.js';
import { tlsServerOptions } from '../../src/client/tls-server.js';
import { Conversation, openGreeter, TURNED_AWAY } from './tls-conversation.js';
import { CLIENT, SERVER, Workloads } from './workloads.js';

const ANY = authorizeAny();

/** Connects with Node's own TLS, as somebody who wants to resume, and gives the session that the server offers. */
async function sessionFrom(port: number, options: ConnectionOptions): Promise<Buffer> {
  using conversation = await Conversation.open(port, options);
  const session = conversation.socket.getSession();
  if (session === undefined) throw new Error('there is no session');
  return session;
}

describe('session resumption', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`with a ticket does not pass a server by: no session is resumed over ${version}`, async () => {
      const workloads = await Workloads.open();
      using server = await workloads.identity('/server');
      let open = true;
      const authorizer = authorizeIf(() => open);
      await using greeter = await openGreeter(tlsServerOptions(server, authorizer, { maxVersion: version }));
      const certificate = await workloads.certificate({ uris: [CLIENT] });
      const options = { ...certificate, rejectUnauthorized: false, maxVersion: version };
      const session = await sessionFrom(greeter.port, options);
      using second = await Conversation.open(greeter.port, { ...options, session });
      expect(second.socket.isSessionReused()).toBe(false);
      open = false;
      await expect(Conversation.open(greeter.port, { ...options, session })).rejects.toThrow(TURNED_AWAY);
      // Not even without a certificate, as the holder of nothing but a ticket would come.
      open = true;
      const bare = { rejectUnauthorized: false, maxVersion: version, session };
      await expect(Conversation.open(greeter.port, bare)).rejects.toThrow(TURNED_AWAY);
      expect(greeter.greeted).toEqual([CLIENT, CLIENT]);
    });
  }

  it('does not pass the authorizer by, nor a change of bundle, where the program keeps sessions itself', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    let open = true;
    const authorizer = authorizeIf(() => open);
    await using greeter = await openGreeter(tlsServerOptions(server, authorizer, { maxVersion: 'TLSv1.2' }));
    const kept = new Map<string, Buffer>();
    greeter.server.on('newSession', (id: Buffer, data: Buffer, done: () => void) => {
      kept.set(id.toString('hex'), data);
      done();
    });
    greeter.server.on('resumeSession', (id: Buffer, done: (error: null, data: Buffer | null) => void) => {
      done(null, kept.get(id.toString('hex')) ?? null);
    });
    const certificate = await workloads.certificate({ uris: [CLIENT] });
    const options = { ...certificate, rejectUnauthorized: false };
    const session = await sessionFrom(greeter.port, options);
    using resumed = await Conversation.open(greeter.port, { ...options, session });
    expect(resumed.socket.isSessionReused()).toBe(true);
    open = false;
    await expect(Conversation.open(greeter.port, { ...options, session })).rejects.toThrow(TURNED_AWAY);
    open = true;
    server.bundles = (await Workloads.open()).foreign.bundle as never;
    await expect(Conversation.open(greeter.port, { ...options, session })).rejects.toThrow(TURNED_AWAY);
    expect(greeter.refusals.map(({ code }) => code)).toEqual(['TLS_PEER_REFUSED', 'X509_SVID_INVALID']);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`does not pass a client’s authorizer by, not even with a session given by hand, over ${version}`, async () => {
      const workloads = await Workloads.open();
      using client = await workloads.identity('/client');
      // A server by Node's own TLS, which resumes whatever it can.
      const server = createServer(await workloads.certificate({ uris: [SERVER] }), (socket) => {
        socket.on('error', () => {});
        socket.write('hello');
      });
      server.on('tlsClientError', () => {});
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      let open = true;
      const options = tlsClientOptions(
        client,
        authorizeIf(() => open),
        { maxVersion: version },
      );
      const session = await sessionFrom(port, options);
      open = false;
      await expect(Conversation.open(port, { ...options, session })).rejects.toThrow(
        /reuse session in different context|is refused/,
      );
      open = true;
      const connecting = Conversation.open(port, { ...options, session });
      const reused = await connecting.then(
        ({ socket }) => socket.isSessionReused(),
        () => false,
      );
      expect(reused).toBe(false);
      server.close();
    });
  }

  it('and kept connections of an https.Agent are not shared by two authorizers', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    const https = createHttpsServer(tlsServerOptions(server, ANY), (_, response) => response.end('served'));
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    const { port } = https.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true });
    const ask = async (options: object): Promise<string> => {
      const [response] = await once(get({ port, host: '127.0.0.1', agent, ...options }), 'response');
      return (await response.setEncoding('utf8').toArray()).join('');
    };
    const wanted = tlsClientOptions(client, authorizeOneOf([SERVER]));
    const unwanted = tlsClientOptions(client, authorizeOneOf([CLIENT]));
    expect(agent.getName(wanted)).not.toBe(agent.getName(unwanted));
    expect(await ask(wanted)).toBe('served');
    expect(await ask(wanted)).toBe('served');
    await expect(ask(unwanted)).rejects.toMatchObject({
      code: 'TLS_PEER_REFUSED',
    });
    agent.destroy();
    await new Promise((resolve) => https.close(resolve));
  });
});
