import type { TrustDomain } from '../spiffe/trust-domain.js';
import { DERIVE } from './descendants.js';
import type { Entry, Match, MatchResult, RefusedMatch } from './entry.js';
import { ownId } from './match.js';
import { fillDescendantTemplate } from './template.js';

/** What is known of a process below a launched one. */
export interface DescendantFacts {
  /** Its own. */
  readonly selectors: readonly string[];
  /** File name of its executable; undefined where that is not known. */
  readonly executable: string | undefined;
  /** What holds for the launched process. */
  readonly parentSelectors: readonly string[];
}

const DERIVED = '/child/{process.executable}';
const AGENTS_OWN = 'it would be the SPIFFE ID of the launched process itself';

/**
 * What a descendant may be: nothing but what the entries of its launched process give to descendants.
 *
 * Takes:   `ofParent`: what the launched process may be. An entry that it cannot use gives nothing to others either.
 * Returns: entries as the agent has them, but without DNS names, which are the agent's own. An id that cannot be made,
 *          or that is the agent's, is refused with the reason; nothing is escaped.
 * Source:  decision 5.
 */
export function derive(ofParent: MatchResult, facts: DescendantFacts, trustDomain: TrustDomain): MatchResult {
  const agentIds = new Set(ofParent.matches.map(({ spiffeId }) => spiffeId.toString()));
  const matches: Match[] = [];
  const refused: RefusedMatch[] = ofParent.refused.filter(({ entry }) => entry.descendants !== undefined);
  for (const { entry, spiffeId: agentId } of ofParent.matches) {
    if (entry.descendants === undefined) continue;
    const template = entry.descendants === DERIVE ? `${agentId.toString()}${DERIVED}` : entry.descendants;
    const spiffeId = ownId(fillDescendantTemplate(template, facts.selectors, facts.executable), trustDomain);
    if (typeof spiffeId === 'string') refused.push({ entry, reason: spiffeId });
    else if (agentIds.has(spiffeId.toString())) refused.push({ entry, reason: AGENTS_OWN });
    else matches.push({ entry: withoutDnsNames(entry), spiffeId });
  }
  return { matches, refused };
}

function withoutDnsNames(entry: Entry): Entry {
  return entry.dnsNames.length === 0 ? entry : { ...entry, dnsNames: [] };
}
