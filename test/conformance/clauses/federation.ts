import type { Row } from '../requirement.js';

const WHY =
  'Spoor neither serves nor polls a bundle endpoint; bundles of other trust domains come from files and commands';

/** SPIFFE_Federation.md */
export const FEDERATION_CLAUSES = [
  ['FED-4.1a', 'MUST', 'P', 'new keys are published before they are used', 'not offered', WHY],
  ['FED-4.1b', 'SHOULD', 'P', 'old keys are removed once no SVID of theirs lives', 'not offered', WHY],
  ['FED-4.1c', 'SHOULD', 'B', 'an endpoint is polled as its refresh hint says', 'not offered', WHY],
  ['FED-4.2a', 'SHOULD', 'B', 'the latest bundle is kept, by sequence', 'not offered', WHY],
  ['FED-4.2b', 'MUST', 'B', 'bundles of different trust domains are not merged', 'not offered', WHY],
  ['FED-5a', 'MUST', '*', 'https_web and https_spiffe are supported', 'not offered', WHY],
  ['FED-5b', 'MUST', '*', 'TLS follows Mozilla’s intermediate profile', 'not offered', WHY],
  [
    'FED-5.1a',
    'MUST',
    'B',
    'URL, profile and trust domain are configured, never inferred',
    'not offered',
    WHY,
  ],
  ['FED-5.1b', 'MUST', 'B', 'workloads learn whose bundle a bundle is', 'not offered', WHY],
  ['FED-5.2.1a', 'MUST', '*', 'an https_web URL is https, without user information', 'not offered', WHY],
  ['FED-5.2.1b', 'MUST', '*', 'https_web needs no more parameters', 'not offered', WHY],
  ['FED-5.2.1c', 'SHOULD', 'S', 'an https_web endpoint has a certificate of a public CA', 'not offered', WHY],
  ['FED-5.2.1d', 'MUST', 'S', 'an https_web endpoint asks for no client authentication', 'not offered', WHY],
  ['FED-5.2.1e', 'MUST', 'S', 'GET gives the newest bundle, in UTF-8', 'not offered', WHY],
  ['FED-5.2.1f', 'MAY', '*', 'an endpoint may redirect to another valid one', 'not offered', WHY],
  ['FED-5.2.1g', 'MUST', 'B', 'the server’s certificate is verified for its host', 'not offered', WHY],
  ['FED-5.2.2a', 'MUST', 'B', 'https_spiffe starts from a bundle that came a secure way', 'not offered', WHY],
  [
    'FED-5.2.2b',
    'MUST',
    'B',
    'the trust domain of another’s endpoint is configured apart',
    'not offered',
    WHY,
  ],
  ['FED-5.2.2c', 'MUST', 'S', 'an https_spiffe endpoint presents an X509-SVID', 'not offered', WHY],
  ['FED-5.2.2d', 'MUST', 'B', 'that X509-SVID has exactly the configured SPIFFE ID', 'not offered', WHY],
  [
    'FED-5.2.2e',
    'MUST',
    'B',
    'a self-serving endpoint is verified with its latest bundle',
    'not offered',
    WHY,
  ],
  ['FED-6.2a', 'SHOULD', 'B', 'a poll that failed waits for the next interval', 'not offered', WHY],
  ['FED-6.3a', 'FACT', 'B', 'a relationship that ends takes the bundle with it', 'not offered', WHY],
  [
    'FED-7.3a',
    'MUST',
    'B',
    'an SVID is verified with its own trust domain’s bundle only',
    'not offered',
    WHY,
  ],
] as const satisfies readonly Row[];
