/**
 * Spoor for programs: what this workload is, from any SPIFFE Workload API, and who its peers are.
 *
 * Sources keep themselves up to date and are closed with `await using` or `Symbol.asyncDispose`. Every error is a
 * `SpoorError` with a `code` for programs, a message and a `remedy` for people.
 */

// What this workload is, and by what it judges others; always the newest.
export { X509Source, type X509SourceOptions } from './client/x509-source.js';
export { JwtSource } from './client/jwt-source.js';
export { WitSource, type WitSourceOptions } from './client/wit-source.js';
export { BundleSource, type BundleProfile, type BundleSourceOptions } from './client/bundle-source.js';
export type { SourceOptions } from './client/source.js';
export type { ClientDeps } from './client/defaults.js';
export type { X509Context } from './client/x509-responses.js';
export type { HeldWitSvid, ValidatedJwt } from './client/token-responses.js';

// Mutual TLS and tokens between workloads.
export { tlsServerOptions, type TlsServerOptions } from './client/tls-server.js';
export { tlsClientOptions, type TlsClientOptions } from './client/tls-client.js';
export { admitPeer, peerSpiffeId, type TlsSettings, type TlsSource } from './client/tls-peer.js';
export { spiffeDispatcher } from './client/dispatcher.js';
export { validateJwt } from './client/validate-jwt.js';
export {
  authorizeAny,
  authorizeIf,
  authorizeMemberOf,
  authorizeOneOf,
  type Authorizer,
} from './client/authorizer.js';

// The Workload API itself, call by call.
export { WorkloadApiClient, type JwtRequest, type WorkloadApiOptions } from './client/workload-api-client.js';
export { endpointFromEnvironment, parseEndpoint, type Endpoint } from './client/endpoint.js';

// The standards: names, documents, bundles.
export { SpiffeId } from './spiffe/spiffe-id.js';
export { TrustDomain } from './spiffe/trust-domain.js';
export { spiffeIdOfLeaf, splitCertificates, validateX509Svid, X509Svid } from './spiffe/x509-svid.js';
export { parseJwtSvid, validateJwtSvid, type JwtSvid, type JwtValidationOptions } from './spiffe/jwt-svid.js';
export { parseWitSvid, validateWitSvid, type WitSvid } from './spiffe/wit-svid.js';
export { Bundle, BundleSet, type BundleLookup, type BundleParts } from './spiffe/bundle.js';
export {
  readBundleDocument,
  readBundleMap,
  readJwks,
  readPemBundle,
  writeBundleDocument,
  writeJwks,
} from './spiffe/bundle-document.js';

// What is shared by all of it.
export { ERRORS, SpoorError, type ErrorCode, type ErrorDetails, type Kind } from './core/errors.js';
export type { Clock } from './core/clock.js';
export type { LogFields, Logger } from './core/log.js';
export type { Snapshot } from './core/snapshot.js';
