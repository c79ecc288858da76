import { createRequire } from 'node:module';
import type * as Undici from 'undici';
import type { Authorizer } from './authorizer.js';
import { tlsClientOptions } from './tls-client.js';
import type { TlsSettings, TlsSource } from './tls-peer.js';

/**
 * A dispatcher for `fetch` and undici with which every https request is made as this workload, to a server that the
 * authorizer lets in. As `tlsClientOptions`: each new connection takes the newest SVID and is judged by the newest
 * bundles, requests in flight go on, and no session is resumed.
 *
 * Takes:   `options` — those of undici's `Agent`, but `connect`; leave `clientTtl` out where `connections` is set, since
 *          undici 7 may then keep requests for ever.
 * Returns: an `Agent`, which waits for the requests in flight when it is closed.
 * Example: test/examples/mtls-client.ts
 */
export function spiffeDispatcher(
  source: TlsSource,
  authorizer: Authorizer,
  options: Omit<Undici.Agent.Options, 'connect'> & { readonly tls?: TlsSettings } = {},
): Undici.Agent & AsyncDisposable {
  // Loaded here: who only fetches an SVID does without it, and it costs 60 ms of the start.
  const undici = createRequire(import.meta.url)('undici') as typeof Undici;
  const { tls = {}, ...agent } = options;
  const connect = { ...tlsClientOptions(source, authorizer, tls), maxCachedSessions: 0 };
  const dispatcher = new undici.Agent({ ...agent, connect });
  return Object.assign(dispatcher, { [Symbol.asyncDispose]: () => dispatcher.close() });
}
