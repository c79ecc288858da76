import type { TrustDomain } from '../spiffe/trust-domain.js';
import { impliesLaunched } from './selector.js';
import { descendantIdFault } from './template.js';

/** The descendants of a launched process get nothing. */
export const DENY = 'deny';
/** They get the SPIFFE ID of the launched process with `/child/` and the file name of their executable. */
export const DERIVE = 'derive';

/** What is judged of an entry: what it gives to descendants must go with the rest of it. */
export interface DescendantsOfEntry {
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly descendants?: string;
}

/** What would be allowed in place of a wrong value of `descendants`; undefined for a right one. */
export function descendantsFault(text: string, trustDomain: TrustDomain): string | undefined {
  if (text === DENY || text === DERIVE) return undefined;
  const fault = descendantIdFault(text, trustDomain);
  return fault === undefined ? undefined : `${DENY}, ${DERIVE}, or ${fault}`;
}

/**
 * What would be allowed in place of a right value of `descendants` that does not go with the entry; undefined for one
 * that does.
 *
 * Source: decision 5: only launched processes have descendants, and none of these is ever the agent itself.
 */
export function descendantsMisuse(entry: DescendantsOfEntry): string | undefined {
  const { spiffeId, selectors, descendants = DENY } = entry;
  if (descendants === DENY) return undefined;
  if (!selectors.some(impliesLaunched)) {
    return `${DENY} in an entry without a selector launch:* or script:*, since only launched processes have descendants`;
  }
  return descendants === spiffeId ? "another SPIFFE ID than the entry's own" : undefined;
}

/** Whether a program below the agent can choose a SPIFFE ID outside of the agent's own, by the name of its file. */
export function isLooseTemplate({ spiffeId, descendants = DENY }: DescendantsOfEntry): boolean {
  return descendants.includes('{process.executable}') && !descendants.startsWith(`${spiffeId}/`);
}
