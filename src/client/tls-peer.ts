import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { PeerCertificate, SecureContextOptions, TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { BundleSet } from '../spiffe/bundle.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import { spiffeIdOfLeaf, validateX509Svid, type X509Svid } from '../spiffe/x509-svid.js';
import { authorize, type Authorizer } from './authorizer.js';

/** Certificates of a peer that are looked at; validation refuses more than eight. */
const MAX_PRESENTED = 9;

/** What TLS needs of a source: whom to be, whom to trust, what time it is. An `X509Source` is one. */
export interface TlsSource {
  /** Errors: IDENTITY_NOT_ISSUED. */
  readonly current: X509Svid;
  readonly bundles: BundleSet;
  readonly clock: Clock;
  /** Aborts when the source is closed. */
  readonly closed: AbortSignal;
}

/**
 * What a program may say of TLS itself. It is said here, not beside the options, since Node reads it together with the
 * certificate, which changes.
 */
export type TlsSettings = Pick<
  SecureContextOptions,
  'ciphers' | 'ecdhCurve' | 'maxVersion' | 'minVersion' | 'sigalgs'
>;

/** TLS 1.2 and later, unless a program wants it otherwise. */
export const TLS_DEFAULTS = { minVersion: 'TLSv1.2' } as const satisfies TlsSettings;

/** An SVID as Node takes it: the chain, leaf first, and the key. */
export function pemOf({ chain, privateKey }: X509Svid): { readonly cert: string; readonly key: string } {
  return {
    cert: chain.map((certificate) => certificate.toString()).join(''),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/**
 * Decides on a peer by the rules of X509-SVIDs and nothing else: host names play no part.
 *
 * Takes:   `chain` — what the peer presented, DER, leaf first.
 * Returns: whom the peer is.
 * Errors:  X509_SVID_INVALID, naming the clause; TLS_PEER_REFUSED by the authorizer, or when nothing was presented.
 * Source:  X509-SVID section 5; Workload API section 4.6: only the bundle of the peer's own trust domain counts.
 */
export function admitPeer(chain: readonly Uint8Array[], source: TlsSource, authorizer: Authorizer): SpiffeId {
  if (chain.length === 0) throw new SpoorError('TLS_PEER_REFUSED', 'the peer presented no certificate');
  const id = validateX509Svid(chain, source.bundles, source.clock.now());
  authorize(id, authorizer);
  return id;
}

/**
 * The SPIFFE ID of the peer at the other end of a connection made with `tlsServerOptions` or `tlsClientOptions`.
 *
 * Takes:  `socket` — also as `node:https` declares that of a request: one that need not be TLS.
 * Errors: TLS_PEER_REFUSED when the connection was not let in; X509_SVID_INVALID when it is not one of ours.
 */
export function peerSpiffeId(
  socket: Socket & Partial<Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>>,
): SpiffeId {
  const leaf = socket.authorized === true ? socket.getPeerX509Certificate?.() : undefined;
  if (leaf === undefined)
    throw new SpoorError('TLS_PEER_REFUSED', 'the connection has no peer that was let in');
  return spiffeIdOfLeaf(leaf.raw);
}

/** What the client of a connection presented to us, leaf first. */
export function presentedBy(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = [];
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < MAX_PRESENTED) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

/** The same from what `checkServerIdentity` is given, where a root that OpenSSL found is its own issuer. */
export function presentedIn(certificate: PeerCertificate): readonly Buffer[] {
  const chain: Buffer[] = [];
  let next: PeerCertificate | undefined = certificate;
  while (next?.raw !== undefined && chain.length < MAX_PRESENTED) {
    chain.push(next.raw);
    const issuer: PeerCertificate | undefined =
      'issuerCertificate' in next ? (next.issuerCertificate as PeerCertificate) : undefined;
    next = issuer === next || issuer?.fingerprint256 === next.fingerprint256 ? undefined : issuer;
  }
  return chain;
}
