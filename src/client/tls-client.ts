import { randomBytes } from 'node:crypto';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';
import { writePem } from '../encoding/pem.js';
import type { Authorizer } from './authorizer.js';
import { admitPeer, pemOf, presentedIn, TLS_DEFAULTS, type TlsSettings, type TlsSource } from './tls-peer.js';

/** What a connection to a peer needs, for `tls.connect`, `https.request`, `new https.Agent` and `http2.connect`. */
export type TlsClientOptions = Pick<
  ConnectionOptions,
  'secureContext' | 'checkServerIdentity' | 'rejectUnauthorized' | 'session'
> & { readonly sessionIdContext: string };

/**
 * Options with which Node connects as this workload, to a server that has a valid X509-SVID and that the authorizer
 * lets in. Host names play no part, and no public CA is trusted.
 *
 * Every new connection presents the newest X509-SVID and trusts the newest bundles, however long the options (or an
 * agent made with them) have been kept; connections that exist go on. Sessions are not resumed, since Node asks about
 * the identity of a server in full handshakes only.
 *
 * Errors of a connection: X509_SVID_INVALID, TLS_PEER_REFUSED, or those of OpenSSL; IDENTITY_NOT_ISSUED is thrown by
 *                         the call that would connect.
 */
export function tlsClientOptions(
  source: TlsSource,
  authorizer: Authorizer,
  settings: TlsSettings = {},
): TlsClientOptions {
  return {
    secureContext: newestContext(source, settings),
    // Said although it is the default, because NODE_TLS_REJECT_UNAUTHORIZED=0 would change that.
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => {
      try {
        admitPeer(presentedIn(certificate), source, authorizer);
        return undefined;
      } catch (error) {
        return error as Error;
      }
    },
    // An https.Agent offers a session that it keeps, unless the options say what session there is.
    session: undefined,
    // Part of the name by which an https.Agent knows which connections are alike: ours are like no others.
    sessionIdContext: randomBytes(16).toString('hex'),
  };
}

/** Gives each connection a context of its own: Node reads `context` when it connects, not when it is given. */
function newestContext(source: TlsSource, settings: TlsSettings): SecureContext {
  let fresh: unknown;
  return {
    get context() {
      // Node reads it twice for one connection, in one turn.
      if (fresh === undefined) queueMicrotask(() => (fresh = undefined));
      fresh ??= createContext(source, settings);
      return fresh;
    },
  };
}

function createContext({ current, bundles }: TlsSource, settings: TlsSettings): unknown {
  const authorities = [...bundles].flatMap(({ x509Authorities }) => x509Authorities);
  const { context } = createSecureContext({
    ...TLS_DEFAULTS,
    ...settings,
    ...pemOf(current),
    // The authorities of all trust domains, so that OpenSSL finds a path; `checkServerIdentity` then judges by one.
    ca: authorities.map((der) => writePem('CERTIFICATE', der)),
    allowPartialTrustChain: true,
    // OpenSSL refuses a session of another context, so that not even one that is given by hand is resumed.
    sessionIdContext: randomBytes(16).toString('hex'),
  });
  return context;
}
