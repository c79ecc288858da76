import type { Row } from '../requirement.js';

/** SPIFFE_Workload_Endpoint.md */
export const WORKLOAD_ENDPOINT_CLAUSES = [
  ['WEP-2a', 'SHOULD', 'S', 'the endpoint is local to its host'],
  ['WEP-3a', 'MUST', 'S', 'the endpoint is gRPC, on a Unix socket'],
  ['WEP-3b', 'MUST', 'C', 'every request carries workload.spiffe.io: true', 'client'],
  ['WEP-3c', 'MUST', 'S', 'every RPC without that header, spelled so and sent once, is an invalid argument'],
  ['WEP-3.1a', 'MUST', 'S', 'TLS is not required'],
  ['WEP-4a', 'MUST', 'C', 'SPIFFE_ENDPOINT_SOCKET is the fallback for the address', 'client'],
  ['WEP-4b', 'MUST', 'C', 'the address is a URI of scheme unix or tcp', 'client'],
  ['WEP-4c', 'MUST', 'C', 'a unix address is an absolute path and nothing else', 'client'],
  ['WEP-4d', 'MUST', 'C', 'a tcp address is an IP literal and a port and nothing else', 'client'],
  ['WEP-5a', 'MUST', 'S', 'the client need not authenticate itself; the server looks for itself who it is'],
  ['WEP-6a', 'MUST', 'SC', 'a missing header is an invalid argument, which a client does not retry'],
  ['WEP-6b', 'FACT', 'S', 'not ready, or too busy, is unavailable'],
  ['WEP-6c', 'SHOULD', 'S', 'no identity for the caller is permission denied'],
  ['WEP-6d', 'FACT', 'SC', 'an RPC that is not implemented is unimplemented, which a client reports'],
  ['WEP-7a', 'MUST', 'S', 'the Workload API has no further RPCs; new ones are services of their own'],
  ['WEP-7b', 'MUST', 'S', 'the Workload API is served'],
  ['WEP-7c', 'SHOULD', 'S', 'server reflection is served'],
] as const satisfies readonly Row[];
