import { randomBytes, constants } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { X509Svid } from '../spiffe/x509-svid.js';
import type { Authorizer } from './authorizer.js';
import { admitPeer, pemOf, presentedBy, TLS_DEFAULTS, type TlsSettings, type TlsSource } from './tls-peer.js';

/** What a server needs, for `tls.createServer`, `https.createServer` and `http2.createSecureServer`. */
export type TlsServerOptions = Required<
  Pick<TlsOptions, 'ca' | 'rejectUnauthorized' | 'requestCert' | 'secureOptions' | 'ticketKeys'>
> &
  TlsSettings;

/** Node says here which server begins to listen. */
const LISTENING = 'tracing:net.server.listen:asyncStart';

/**
 * Options with which a Node server is this workload, and serves only clients that have a valid X509-SVID and that the
 * authorizer lets in. `peerSpiffeId(socket)` then says who it is.
 *
 * Every new connection is shown the newest X509-SVID and judged by the newest bundles; connections that exist go on.
 * No session is resumed, and the authorizer is asked about every connection. Who is refused reaches no listener of
 * the server: the connection is closed and the event `tlsClientError` says why.
 *
 * The certificate is not in the options: the server gets it when it begins to listen, which is also when its
 * connections come under control. One that gets connections otherwise has no certificate and completes no handshake.
 *
 * Errors: none; while the identity is withdrawn, handshakes fail.
 * Source: X509-SVID section 5.
 * Example: test/examples/mtls-server.ts
 */
export function tlsServerOptions(
  source: TlsSource,
  authorizer: Authorizer,
  settings: TlsSettings = {},
): TlsServerOptions {
  const rules = { ...RULES, ...settings };
  // Never used on tickets, which are off: the one value that Node lets us read back from a server made with them.
  const ticketKeys = randomBytes(48);
  const taken = new WeakSet<Server>();
  const onListening = (message: unknown): void => {
    const { server } = message as { readonly server: unknown };
    if (!(server instanceof Server) || taken.has(server) || !server.getTicketKeys().equals(ticketKeys))
      return;
    taken.add(server);
    takeOver(server, certificateKeeper(server, source, rules), (socket) => admit(socket, source, authorizer));
  };
  subscribe(LISTENING, onListening);
  source.closed.addEventListener('abort', () => unsubscribe(LISTENING, onListening), { once: true });
  return { ...rules, ticketKeys };
}

const RULES = {
  requestCert: true,
  // OpenSSL would judge by the bundles of all trust domains together. We judge, in `admit`.
  rejectUnauthorized: false,
  ca: [] as string[],
  ...TLS_DEFAULTS,
  // TLS 1.2 would let a client change its certificate on a connection that has been let in.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies TlsOptions;

/**
 * Stands between the server and its listeners: before a connection is wrapped in TLS, and before it is theirs.
 *
 * Takes: `admit` — gives the reason for a refusal.
 */
function takeOver(
  server: Server,
  present: () => void,
  admit: (socket: TLSSocket) => Error | undefined,
): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean;
  server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'connection') present();
    if (event !== 'secureConnection') return emit(event, ...args);
    const socket = args[0] as TLSSocket;
    const refusal = admit(socket);
    return refusal === undefined ? emit(event, ...args) : emit('tlsClientError', refusal, socket);
  };
}

/** Lets the connection in, and marks it so; or closes it and gives the reason. */
function admit(socket: TLSSocket, source: TlsSource, authorizer: Authorizer): Error | undefined {
  try {
    admitPeer(presentedBy(socket), source, authorizer);
    socket.authorized = true;
    return undefined;
  } catch (error) {
    socket.destroy();
    return error as Error;
  }
}

/** Gives the server the newest SVID, if it has another one; none when there is none. */
function certificateKeeper(server: Server, source: TlsSource, rules: TlsOptions): () => void {
  let shown: X509Svid | undefined;
  return () => {
    const svid = presentable(source);
    if (svid === shown) return;
    server.setSecureContext({ ...rules, ...(svid && pemOf(svid)) });
    shown = svid;
  };
}

function presentable(source: TlsSource): X509Svid | undefined {
  try {
    return source.current;
  } catch {
    // Withdrawn: the handshake fails for want of a certificate, which is all that a stranger need know.
    return undefined;
  }
}
