import { fetch } from 'undici';
import { authorizeOneOf, spiffeDispatcher, X509Source } from '../../src/index.js';

await using source = await X509Source.open({ timeoutMs: 10_000 });

// The server is known by its SPIFFE ID; its host name does not matter.
const server = authorizeOneOf([process.env['SERVER_ID'] ?? 'spiffe://example.org/server']);
await using dispatcher = spiffeDispatcher(source, server);

const response = await fetch(process.env['SERVER_URL'] ?? 'https://127.0.0.1:8443/', {
  dispatcher,
});
export const answer = await response.text();
