import type { Row } from '../requirement.js';

/** Where the standards leave room, what Spoor does; and what the SPIRE agent does that clients rely on. */
export const OPEN_POINT_CLAUSES = [
  ['AMB-1', 'FACT', '*', 'upper case in a trust domain or scheme is refused'],
  ['AMB-2', 'FACT', 'V', 'further JOSE headers are tolerated and never honoured'],
  ['AMB-3', 'FACT', 'IV', 'kid is always set; a token without it is tried with all keys of its trust domain'],
  ['AMB-4', 'FACT', 'V', 'typ is checked'],
  ['AMB-5', 'FACT', 'S', 'FetchJWTBundles leaves use out, FetchWITBundles sets it'],
  [
    'AMB-6',
    'FACT',
    'S',
    'a token that does not hold, or a malformed SPIFFE ID asked for, is an invalid argument',
  ],
  ['AMB-7', 'FACT', 'S', 'bundles for a caller without an identity are permission denied'],
  ['AMB-8', 'FACT', 'I', 'a leaf has basic constraints, critical, CA:FALSE'],
  ['AMB-9', 'FACT', 'B', 'of a bundle map neither spelling of the refresh hint is an obstacle', 'client'],
  [
    'AMB-10',
    'FACT',
    'S',
    'the Broker API points at a section that has moved',
    'not offered',
    'Spoor is no broker and offers none',
  ],
  ['AMB-11', 'FACT', 'S', 'an unknown method is unimplemented, with or without the header'],
  [
    'DEF-1',
    'DEFACTO',
    'S',
    'exactly one header value true; unlike SPIRE’s, health and reflection need it too',
  ],
  ['DEF-2', 'DEFACTO', 'S', 'header, then fields, then attestation, then entitlement'],
  ['DEF-3', 'DEFACTO', 'S', 'a signing failure is unavailable; ValidateJWTSVID needs no identity'],
  ['DEF-4', 'DEFACTO', 'S', 'aud is always a list in returned claims'],
  ['DEF-5', 'DEFACTO', 'S', 'bundle streams do not repeat themselves'],
  ['DEF-6', 'DEFACTO', 'S', 'of two equal hints one wins, and the other is dropped'],
  ['DEF-7', 'DEFACTO', 'V', 'exp and nbf have a leeway of 60 seconds'],
] as const satisfies readonly Row[];
