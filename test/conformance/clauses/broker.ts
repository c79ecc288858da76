import type { Row } from '../requirement.js';

const WHY =
  'Spoor serves the Workload API to the processes of its own machine; it is no broker and offers none';

/** SPIFFE_Broker_Endpoint.md and SPIFFE_Broker_API.md, incubating */
export const BROKER_CLAUSES = [
  ['BEP-2a', 'SHOULD', 'S', 'the endpoint is open to designated clients only', 'not offered', WHY],
  ['BEP-3a', 'MUST', 'S', 'the endpoint is gRPC over UDS or TCP', 'not offered', WHY],
  ['BEP-3b', 'MUST', 'SC', 'every request carries broker.spiffe.io: true', 'not offered', WHY],
  ['BEP-3.1a', 'MUST', 'SC', 'both sides present X509-SVIDs over TLS', 'not offered', WHY],
  ['BEP-4a', 'MUST', 'C', 'SPIFFE_BROKER_SOCKET is the fallback for the address', 'not offered', WHY],
  ['BEP-6a', 'MUST', 'S', 'errors are told apart by four codes', 'not offered', WHY],
  ['BEP-7a', 'MUST', 'S', 'the Broker API is served and not extended', 'not offered', WHY],
  ['BAPI-1a', 'MUST', 'S', 'the X.509 and JWT profiles are supported', 'not offered', WHY],
  ['BAPI-2a', 'MUST', 'S', 'no RPC is added or changed', 'not offered', WHY],
  ['BAPI-3.1a', 'MUST', 'SC', 'each request refers to exactly one workload', 'not offered', WHY],
  ['BAPI-3.1.1a', 'MUST', 'S', 'a reference is resolved on the server', 'not offered', WHY],
  ['BAPI-3.1.2a', 'MUST', 'SC', 'a local reference stays on its node', 'not offered', WHY],
  ['BAPI-3.1.3a', 'FACT', 'S', 'references by PID and by Kubernetes object are built in', 'not offered', WHY],
  ['BAPI-4.1a', 'MUST', 'S', 'only what is allowed is allowed', 'not offered', WHY],
  ['BAPI-4.2a', 'MUST', 'S', 'the answers of different workloads are kept apart', 'not offered', WHY],
  ['BAPI-4.4a', 'MUST', 'S', 'streams carry the full state, beginning at once', 'not offered', WHY],
  ['BAPI-4.6a', 'SHOULD', 'S', 'an empty mandatory field is an invalid argument', 'not offered', WHY],
  ['BAPI-4.8a', 'MUST', 'S', 'bad, unknown and unentitled references are told apart', 'not offered', WHY],
  ['BAPI-4.9a', 'MUST', 'S', 'nothing is sent once the workload is gone', 'not offered', WHY],
  ['BAPI-5.2', 'MUST', 'S', 'X.509 answers follow the rules of the Workload API', 'not offered', WHY],
  ['BAPI-6.2', 'MUST', 'S', 'JWT answers follow the rules of the Workload API', 'not offered', WHY],
] as const satisfies readonly Row[];
