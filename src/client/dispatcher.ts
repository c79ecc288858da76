import { createRequire } from 'node:module';
import type { Agent } from 'undici';
import type { Authorizer } from './authorizer.js';
import { tlsClientOptions } from './tls-client.js';
import type { TlsSource } from './tls-peer.js';

/** A connection is replaced after this, when it has no request in flight, so that none outlives its SVID for long. */
const MAX_CONNECTION_AGE_MS = 300_000;

/**
 * A dispatcher for `fetch` and undici with which every https request is made as this workload, to a server that the
 * authorizer lets in. As `tlsClientOptions`; each new connection takes the newest SVID, requests in flight go on, and
 * a connection is given up after five minutes.
 *
 * Takes:   `options` — those of undici's `Agent`, but `connect`.
 * Returns: an `Agent`; `close` it when done.
 */
export function spiffeDispatcher(
  source: TlsSource,
  authorizer: Authorizer,
  options: Omit<Agent.Options, 'connect'> = {},
): Agent {
  // Loaded here: who only fetches an SVID does without it, and it costs 60 ms of the start.
  const undici = createRequire(import.meta.url)('undici') as typeof import('undici');
  const connect = { ...tlsClientOptions(source, authorizer), maxCachedSessions: 0 };
  return new undici.Agent({ clientTtl: MAX_CONNECTION_AGE_MS, ...options, connect } as Agent.Options);
}
