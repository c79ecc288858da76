import { once } from 'node:events';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { Agent, createServer, get, type Server } from 'node:https';
import { Socket, type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { authorizeAny, authorizeOneOf } from '../../src/client/authorizer.js';
import { spiffeDispatcher } from '../../src/client/dispatcher.js';
import { tlsClientOptions } from '../../src/client/tls-client.js';
import { peerSpiffeId, type TlsSource } from '../../src/client/tls-peer.js';
import { tlsServerOptions } from '../../src/client/tls-server.js';
import { X509Source } from '../../src/client/x509-source.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi, x509Message } from '../fakes/test-workload-api.js';
import { CLIENT, SERVER, Workloads } from './workloads.js';

const ANY = authorizeAny();

interface Answer {
  readonly caller: string;
  /** Serials of the certificates on this connection. */
  readonly client: string;
  readonly connection: number;
}

interface Site extends AsyncDisposable {
  readonly url: string;
  readonly connections: () => number;
}

/** An HTTPS server that tells each caller who it is, by which certificate, over which connection. */
async function openSite(source: TlsSource): Promise<Site> {
  const numbers = new Map<object, number>();
  const server: Server = createServer(
    tlsServerOptions(source, authorizeOneOf([CLIENT])),
    (request, response) => {
      const socket = request.socket as TLSSocket;
      if (!numbers.has(socket)) numbers.set(socket, numbers.size + 1);
      const client = socket.getPeerX509Certificate()?.serialNumber.toLowerCase() ?? '';
      const caller = peerSpiffeId(request.socket).toString();
      response.end(JSON.stringify({ caller, client, connection: numbers.get(socket) }));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, connections: () => numbers.size, [Symbol.asyncDispose]: close };
}

async function ask(url: string, agent: Agent): Promise<Answer> {
  const [response] = await once(get(url, { agent }), 'response');
  return JSON.parse((await response.setEncoding('utf8').toArray()).join('')) as Answer;
}

/** Two Workload APIs, for a server and a client of one trust domain, whose SVIDs a test replaces while they speak. */
async function pair(): Promise<
  { server: X509Source; client: X509Source; rotate(): Promise<void> } & AsyncDisposable
> {
  const resources = new AsyncDisposableStack();
  const authority = await TestAuthority.open('example.org', new Date());
  const apis = [await TestWorkloadApi.open(), await TestWorkloadApi.open()].map((api) => resources.use(api));
  const rotate = async (): Promise<void> => {
    const svids = await Promise.all([authority.x509('/server'), authority.x509('/client')]);
    for (const [i, svid] of svids.entries())
      apis[i]?.answers.FetchX509SVID.set(x509Message(authority, [svid]));
  };
  await rotate();
  const open = async (i: number): Promise<X509Source> =>
    resources.use(await X509Source.open({ endpoint: apis[i]?.endpoint ?? '' }));
  const [server, client] = [await open(0), await open(1)];
  return { server, client, rotate, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function rotated(sources: {
  server: X509Source;
  client: X509Source;
  rotate(): Promise<void>;
}): Promise<void> {
  const before = [sources.server.current.serial, sources.client.current.serial];
  await sources.rotate();
  await expect.poll(() => sources.server.current.serial === before[0]).toBe(false);
  await expect.poll(() => sources.client.current.serial === before[1]).toBe(false);
}

describe('an HTTPS conversation', () => {
  it('names nobody where a socket is not TLS', () => {
    const refused = expect.objectContaining({ code: 'TLS_PEER_REFUSED' });
    expect(() => peerSpiffeId(new Socket())).toThrow(refused);
  });

  it('goes on through rotations: 300 requests over kept connections, and none fails', async () => {
    await using sources = await pair();
    await using site = await openSite(sources.server);
    const kept = new Agent({
      keepAlive: true,
      maxSockets: 2,
      ...tlsClientOptions(sources.client, authorizeOneOf([SERVER])),
    });
    const fresh = new Agent({
      keepAlive: false,
      ...tlsClientOptions(sources.client, authorizeOneOf([SERVER])),
    });
    const answers: Answer[] = [];
    for (let round = 0; round < 6; round += 1) {
      const asking = Array.from({ length: 50 }, () => ask(site.url, kept));
      if (round > 0) await rotated(sources);
      answers.push(...(await Promise.all(asking)));
      // A new connection has the newest certificate, with the same options and the same agent.
      expect((await ask(site.url, fresh)).client).toBe(sources.client.current.serial);
    }
    expect(answers).toHaveLength(300);
    expect(new Set(answers.map(({ caller }) => caller))).toEqual(new Set([CLIENT]));
    expect(new Set(answers.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
    kept.destroy();
  });

  it('is made anew by an agent whose server offers to resume', async () => {
    const workloads = await Workloads.open();
    using client = await workloads.identity('/client');
    const server = createServer(await workloads.certificate({ uris: [SERVER] }), (_, response) =>
      response.end('{}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new Agent(tlsClientOptions(client, ANY));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (let i = 0; i < 3; i += 1) expect(await ask(url, agent)).toEqual({});
    await using dispatcher = spiffeDispatcher(client, ANY);
    for (let i = 0; i < 3; i += 1) {
      const response = await undiciFetch(url, { dispatcher, headers: { connection: 'close' } });
      expect(await response.json()).toEqual({});
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it('can be one over HTTP/2', async () => {
    const workloads = await Workloads.open();
    using server = await workloads.identity('/server');
    using client = await workloads.identity('/client');
    using stranger = await workloads.identity('/stranger');
    const http2 = createSecureServer(
      tlsServerOptions(server, authorizeOneOf([CLIENT])),
      (request, response) => {
        response.end(peerSpiffeId(request.stream.session?.socket as TLSSocket).toString());
      },
    );
    http2.listen(0, '127.0.0.1');
    await once(http2, 'listening');
    const url = `https://127.0.0.1:${(http2.address() as AddressInfo).port}`;
    const session = connectHttp2(url, tlsClientOptions(client, authorizeOneOf([SERVER])));
    const stream = session.request({ ':path': '/' }).setEncoding('utf8');
    expect((await stream.toArray()).join('')).toBe(CLIENT);
    session.close();
    const refused = once(http2, 'tlsClientError');
    const other = connectHttp2(url, tlsClientOptions(stranger, ANY));
    other.on('error', () => {});
    expect(await refused).toMatchObject([{ code: 'TLS_PEER_REFUSED' }, {}]);
    await once(other, 'close');
    await new Promise((resolve) => http2.close(resolve));
  });
});

describe('spiffeDispatcher', () => {
  it('makes requests as this workload, and takes new certificates for new connections', async () => {
    await using sources = await pair();
    await using site = await openSite(sources.server);
    // Connections are given up as soon as they are idle, so that there are new ones all the time.
    await using dispatcher = spiffeDispatcher(sources.client, authorizeOneOf([SERVER]), {
      connections: 4,
      keepAliveTimeout: 1,
      keepAliveTimeoutThreshold: 0,
      keepAliveMaxTimeout: 1,
    });
    const answers: Answer[] = [];
    for (let round = 0; round < 5; round += 1) {
      const asking = Array.from({ length: 50 }, async () => {
        const response = await undiciFetch(site.url, { dispatcher });
        return (await response.json()) as Answer;
      });
      if (round > 0) await rotated(sources);
      answers.push(...(await Promise.all(asking)));
    }
    expect(answers).toHaveLength(250);
    expect(new Set(answers.map(({ caller }) => caller))).toEqual(new Set([CLIENT]));
    expect(new Set(answers.map(({ client }) => client)).size).toBeGreaterThan(2);
  });

  it('serves the fetch that Node has', async () => {
    await using sources = await pair();
    await using site = await openSite(sources.server);
    await using dispatcher = spiffeDispatcher(sources.client, authorizeOneOf([SERVER]));
    const response = await fetch(site.url, { dispatcher } as object);
    expect(await response.json()).toMatchObject({ caller: CLIENT });
  });

  it('refuses a server that the authorizer does not want', async () => {
    await using sources = await pair();
    await using site = await openSite(sources.server);
    await using dispatcher = spiffeDispatcher(sources.client, authorizeOneOf([CLIENT]));
    await expect(undiciFetch(site.url, { dispatcher })).rejects.toMatchObject({
      cause: { code: 'TLS_PEER_REFUSED' },
    });
    expect(site.connections()).toBe(0);
  });
});
