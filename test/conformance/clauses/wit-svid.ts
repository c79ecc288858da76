import type { Row } from '../requirement.js';

const NO_PROOFS =
  'nothing in Spoor takes a WIT-SVID from a peer yet; the validator gives out the key that a proof must be made with';

/** WIT-SVID.md, incubating */
export const WIT_SVID_CLAUSES = [
  ['WIT-1a', 'FACT', 'IV', 'a WIT-SVID is a JWS in compact form'],
  ['WIT-2.1a', 'MUST', 'IV', 'there is a kid, one for each signing key, compared byte by byte'],
  ['WIT-2.2a', 'MUST', 'IV', 'typ is wit+jwt'],
  ['WIT-2.3a', 'MUST', 'I', 'the algorithm is one of the nine'],
  ['WIT-2.3b', 'MUST', 'V', 'another algorithm is refused'],
  ['WIT-2.4a', 'SHOULD', 'I', 'the header has nothing beyond alg, kid and typ'],
  ['WIT-2.4b', 'SHOULD', 'V', 'unknown header parameters are ignored unless crit lists them'],
  ['WIT-3.1a', 'MUST', 'IV', 'sub is the SPIFFE ID of the workload'],
  ['WIT-3.2a', 'MUST', 'IV', 'cnf holds the public key of the workload as jwk'],
  ['WIT-3.2b', 'MUST', 'I', 'cnf.jwk has an alg among the nine, and nothing private'],
  ['WIT-3.3a', 'MUST', 'IV', 'jti, if there, is unique, and is not used against replay'],
  ['WIT-3.4a', 'MUST', 'IV', 'there is an exp, and it has not passed'],
  ['WIT-3.5a', 'MUST', 'V', 'nbf, if there, is not in the future'],
  ['WIT-3.6a', 'MUST', 'V', 'iat is not used as the beginning of validity'],
  ['WIT-3.7a', 'SHOULD', 'I', 'iss, if there, is no issuer of OIDC discovery'],
  ['WIT-3.8a', 'MUST', 'I', 'there is no aud'],
  ['WIT-3.8b', 'SHOULD', 'V', 'unknown claims are ignored'],
  ['WIT-4a', 'MUST', 'I', 'alg, typ, kid, sub, exp and cnf are all there'],
  [
    'WIT-4b',
    'MAY',
    'I',
    'instances of one workload may share a WIT-SVID and its key',
    'not applicable',
    'a permission that is not used: each instance has its own key (decision 6)',
  ],
  [
    'WIT-4c',
    'MUST',
    'V',
    'no WIT-SVID is accepted without a proof of possession',
    'not applicable',
    NO_PROOFS,
  ],
  [
    'WIT-5a',
    'MUST',
    'C',
    'a WIT-SVID is presented with a proof, never as a bearer token',
    'not applicable',
    NO_PROOFS,
  ],
  [
    'WIT-6.1a',
    'MUST',
    'P',
    'each signing key is one JWK of use wit-svid, with a kid unique in the whole bundle',
  ],
  ['WIT-6.2a', 'MUST', 'B', 'only keys of use wit-svid judge WIT-SVIDs', 'client'],
  ['WIT-7.2a', 'MUST', 'C', 'a proof of possession lives as short as possible', 'not applicable', NO_PROOFS],
  ['WIT-7.3a', 'MUST', 'C', 'a WIT-SVID is sent over a secure channel', 'not applicable', NO_PROOFS],
] as const satisfies readonly Row[];
