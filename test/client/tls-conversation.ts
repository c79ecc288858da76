import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type ConnectionOptions, createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsServerOptions } from '../../src/client/tls-server.js';
import { peerSpiffeId } from '../../src/client/tls-peer.js';

/** What somebody who was turned away by the server hears, as far as TLS lets it say anything. */
export const TURNED_AWAY = /closed|ECONNRESET|EPIPE|disconnected before|socket hang up/;

/** A server that greets each client by its name, and notes whom it let in and why it turned others away. */
export interface Greeter extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  readonly greeted: string[];
  /** What was said of those turned away: the code of the error, and its message. */
  readonly refusals: { readonly code: string; readonly message: string }[];
}

/** Opens one with plain `tls.createServer(options)`. */
export async function openGreeter(options: TlsServerOptions): Promise<Greeter> {
  const greeted: string[] = [];
  const refusals: { code: string; message: string }[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    const name = peerSpiffeId(socket).toString();
    greeted.push(name);
    socket.on('data', (data) => socket.write(data));
    socket.write(`hello ${name}`);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    refusals.push({ code: error.code ?? '', message: error.message });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  const { port } = server.address() as AddressInfo;
  return { server, port, greeted, refusals, [Symbol.asyncDispose]: close };
}

/** One side of a conversation with a greeter. */
export class Conversation implements Disposable {
  readonly socket: TLSSocket;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
  }

  /** Connects, and waits for the greeting. Errors: why there is none. */
  static async open(port: number, options: ConnectionOptions): Promise<Conversation> {
    const conversation = new Conversation(connect({ port, host: '127.0.0.1', ...options }));
    await conversation.hear();
    return conversation;
  }

  get peer(): string {
    return peerSpiffeId(this.socket).toString();
  }

  /** The serial of the certificate that the server showed. */
  get shown(): string {
    return this.socket.getPeerX509Certificate()?.serialNumber.toLowerCase() ?? '';
  }

  /** What the other side says next. Errors: why it says nothing more. */
  hear(): Promise<string> {
    const { socket } = this;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        socket.off('data', heard).off('error', failed).off('close', closed);
        socket.on('error', () => {});
        act();
      };
      const heard = (data: Buffer): void => settle(() => resolve(data.toString()));
      const failed = (error: Error): void => settle(() => reject(error));
      const closed = (): void => settle(() => reject(new Error('closed')));
      socket.on('data', heard).on('error', failed).on('close', closed);
    });
  }

  async echo(text: string): Promise<string> {
    this.socket.write(text);
    return await this.hear();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
