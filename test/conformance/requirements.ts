import { BROKER_CLAUSES } from './clauses/broker.js';
import { BUNDLE_CLAUSES } from './clauses/bundle.js';
import { FEDERATION_CLAUSES } from './clauses/federation.js';
import { JWT_SVID_CLAUSES } from './clauses/jwt-svid.js';
import { OPEN_POINT_CLAUSES } from './clauses/open-points.js';
import { SPIFFE_ID_CLAUSES } from './clauses/spiffe-id.js';
import { WIT_SVID_CLAUSES } from './clauses/wit-svid.js';
import { WORKLOAD_API_CLAUSES } from './clauses/workload-api.js';
import { WORKLOAD_ENDPOINT_CLAUSES } from './clauses/workload-endpoint.js';
import { X509_SVID_CLAUSES } from './clauses/x509-svid.js';
import type { Requirement, Row } from './requirement.js';

const ROWS = [
  ...SPIFFE_ID_CLAUSES,
  ...X509_SVID_CLAUSES,
  ...JWT_SVID_CLAUSES,
  ...WIT_SVID_CLAUSES,
  ...BUNDLE_CLAUSES,
  ...FEDERATION_CLAUSES,
  ...WORKLOAD_ENDPOINT_CLAUSES,
  ...WORKLOAD_API_CLAUSES,
  ...BROKER_CLAUSES,
  ...OPEN_POINT_CLAUSES,
] as const;

/** The number of one line of the standards. */
export type ClauseId = (typeof ROWS)[number][0];

/** Every line of the SPIFFE standards, each with what is to be proven of it. */
export const REQUIREMENTS: readonly Requirement[] = ROWS.map(toRequirement);

/** The numbers that a passed test must carry. */
export function idsToProve(): readonly string[] {
  return REQUIREMENTS.filter(({ status }) => status === 'required' || status === 'client').map(
    ({ id }) => id,
  );
}

function toRequirement([id, level, who, title, status = 'required', reason]: Row): Requirement {
  return { id, level, who, title, status, ...(reason !== undefined && { reason }) };
}
