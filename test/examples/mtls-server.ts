import { createServer } from 'node:https';
import { authorizeMemberOf, peerSpiffeId, tlsServerOptions, X509Source } from '../../src/index.js';

// The socket of the Workload API is in SPIFFE_ENDPOINT_SOCKET, e.g. unix:///run/spoor/agent.sock.
export const source = await X509Source.open();

// Serves workloads of this trust domain, and nobody else. Certificates change behind the options.
const options = tlsServerOptions(source, authorizeMemberOf(source.current.id.trustDomain));

export const server = createServer(options, (request, response) => {
  const caller = peerSpiffeId(request.socket);
  response.end(`hello ${caller.toString()}, this is ${source.current.id.toString()}\n`);
});
server.on('tlsClientError', (error) => process.stderr.write(`turned away: ${error.message}\n`));
server.listen(Number(process.env['PORT'] ?? 8443));
