import type { Row } from '../requirement.js';

/** SPIFFE_Trust_Domain_and_Bundle.md */
export const BUNDLE_CLAUSES = [
  ['TDB-3a', 'FACT', 'B', 'a bundle is chosen by the trust domain of the SVID', 'client'],
  ['TDB-4a', 'FACT', 'PB', 'a bundle is a JWK Set'],
  ['TDB-4.1a', 'MUST', 'B', 'unknown members beside keys are no obstacle', 'client'],
  [
    'TDB-4.1.1a',
    'SHOULD',
    'PB',
    'spiffe_sequence is an integer of 64 bits or more that grows with each change',
  ],
  ['TDB-4.1.2a', 'SHOULD', 'PB', 'spiffe_refresh_hint is a whole number of seconds'],
  ['TDB-4.1.3a', 'MUST', 'PB', 'keys is there, and may be empty; a document without it is refused'],
  ['TDB-4.1.3b', 'MUST', 'B', 'a JWK of unknown kty or use is passed over, the rest is kept', 'client'],
  ['TDB-4.1.3c', 'MUST', 'B', 'nothing usable means that no SVID of that trust domain is valid', 'client'],
  ['TDB-4.2a', 'SHOULD', 'P', 'a JWK has no member that the standards do not name'],
  ['TDB-4.2.1a', 'MUST', 'PB', 'a JWK has kty, and one of unknown kty is passed over'],
  ['TDB-4.2.2a', 'MUST', 'PB', 'a JWK has use, case-sensitive; one of missing or unknown use is passed over'],
  ['TDB-5a', 'MUST', 'PB', 'a bundle map has trust_domains, keyed by name, each value a bundle', 'client'],
  ['TDB-5b', 'MUST', 'PB', 'a trust domain that stands twice in a map is refused', 'client'],
  ['TDB-5c', 'SHOULD', 'PB', 'refresh hints of bundles in a map steer nothing', 'client'],
  ['TDB-5d', 'FACT', 'B', 'a map is taken in whole, as all there is', 'client'],
  [
    'TDB-6.1a',
    'SHOULD',
    'B',
    'without a hint a bundle is fetched anew every five minutes or so',
    'not applicable',
    'bundles of other trust domains come from files and commands; none is fetched from an endpoint',
  ],
  [
    'TDB-6.2a',
    'SHOULD',
    'P',
    'trust domains do not share keys',
    'not applicable',
    'a state folder, and so every key that Spoor makes, belongs to one trust domain',
  ],
] as const satisfies readonly Row[];
