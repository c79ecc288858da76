import type { Entry, Match, MatchResult, RefusedMatch } from './entry.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { fillTemplate } from './template.js';

export interface MatchFacts {
  readonly selectors: readonly string[];
  readonly now: Date;
  readonly trustDomain: TrustDomain;
}

/** Divides the entries that hold for a process, sorted by id, into those that it can use and those that it cannot. */
export function judge(entries: readonly Entry[], facts: MatchFacts): MatchResult {
  const matches: Match[] = [];
  const refused: RefusedMatch[] = [];
  for (const entry of entries) {
    const spiffeId = isOver(entry, facts.now) ?? spiffeIdOf(entry, facts);
    if (typeof spiffeId === 'string') refused.push({ entry, reason: spiffeId });
    else matches.push({ entry, spiffeId });
  }
  return withUniqueHints(matches, refused);
}

function spiffeIdOf(entry: Entry, { selectors, trustDomain }: MatchFacts): SpiffeId | string {
  return ownId(fillTemplate(entry.spiffeId, selectors), trustDomain);
}

/** However an entry came to us: nothing is issued outside of the own trust domain. Takes and gives an id, or why there is none. */
export function ownId(spiffeId: SpiffeId | string, trustDomain: TrustDomain): SpiffeId | string {
  if (typeof spiffeId === 'string' || spiffeId.memberOf(trustDomain)) return spiffeId;
  return `its SPIFFE ID is not in the trust domain ${trustDomain.name}`;
}

function isOver({ expiresAt }: Entry, now: Date): string | undefined {
  return expiresAt !== undefined && expiresAt <= now ? `it ended at ${expiresAt.toISOString()}` : undefined;
}

/** A hint must name one SVID (X.509 profile of the Workload API, section 5.2.1); which one, is settled as SPIRE does. */
function withUniqueHints(matches: readonly Match[], refused: readonly RefusedMatch[]): MatchResult {
  const owners = new Map<string, Entry>();
  for (const { entry } of matches) {
    const owner = owners.get(entry.hint);
    if (entry.hint !== '' && (owner === undefined || entry.createdAt < owner.createdAt))
      owners.set(entry.hint, entry);
  }
  if (owners.size === 0) return { matches, refused };
  const isOwner = ({ entry }: Match): boolean => entry.hint === '' || owners.get(entry.hint) === entry;
  const dropped = matches
    .filter((match) => !isOwner(match))
    .map(({ entry }) => ({
      entry,
      reason: `its hint belongs to the older entry ${owners.get(entry.hint)?.id}`,
    }));
  return { matches: matches.filter(isOwner), refused: [...refused, ...dropped] };
}
