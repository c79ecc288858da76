import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import type { Health } from './health.js';

export interface HttpDeps {
  readonly host: string;
  readonly port: number;
  readonly health: () => Health;
  readonly scrape: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly log: Logger;
}

/** Serves /live, /ready and /metrics. Off unless the operator sets an address. */
export class HttpServer implements Service {
  readonly name = 'http';
  readonly #deps: HttpDeps;
  readonly #server: Server;

  private constructor(deps: HttpDeps) {
    this.#deps = deps;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Errors: SOCKET_IN_USE or SOCKET_UNUSABLE when the address cannot be had. */
  static async open(deps: HttpDeps): Promise<HttpServer> {
    const http = new HttpServer(deps);
    http.#server.listen(deps.port, deps.host);
    try {
      await once(http.#server, 'listening');
    } catch (cause) {
      const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw new SpoorError(
        inUse ? 'SOCKET_IN_USE' : 'SOCKET_UNUSABLE',
        `cannot listen for HTTP on ${deps.host}:${deps.port}`,
        { cause },
      );
    }
    return http;
  }

  /** The port that was bound; differs from the setting when that was 0. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#deps.port;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await once(signal, 'abort');
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Never rejects: a failure becomes a 500. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return send(response, 405, 'text/plain', 'GET only\n');
      const path = request.url?.split('?')[0];
      if (path === '/live') return send(response, 200, 'application/json', '{"live":true}\n');
      if (path === '/ready') return sendHealth(response, this.#deps.health());
      if (path === '/metrics') {
        const { contentType, text } = await this.#deps.scrape();
        return send(response, 200, contentType, text);
      }
      return send(response, 404, 'text/plain', 'there are /live, /ready and /metrics\n');
    } catch (error) {
      this.#deps.log.error('an HTTP request failed', { error });
      return send(response, 500, 'text/plain', 'internal error\n');
    }
  }
}

function sendHealth(response: ServerResponse, health: Health): void {
  send(response, health.ready ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(body);
}
