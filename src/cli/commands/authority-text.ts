import type { WireAuthorityState } from '../../wire/admin.js';
import type { Paint } from '../paint.js';
import { relativeText } from '../since.js';
import { headedTable } from '../table.js';

/** What `--output json` of the authority commands prints. */
export const AUTHORITIES_JSON = `{"authorities": [{"profile": "x509"|"jwt"|"wit", "id", "state", "not_before", "not_after",
 "next_change"}]}
state is prepared, published, active, old, tainted, revoked or removed; instants are RFC 3339, or empty.`;

/** The authorities, a line each: what signs is green, what nobody shall trust is red. */
export function authoritiesText(authorities: readonly WireAuthorityState[], now: Date, paint: Paint): string {
  const sorted = authorities.toSorted((one, other) => orderOf(one) - orderOf(other));
  const rows = sorted.map(({ profile, id, state, not_after, next_change }) => [
    profile,
    painted(state, paint),
    relativeText(not_after, now),
    relativeText(next_change, now),
    id,
  ]);
  return headedTable(['profile', 'state', 'expires', 'next change', 'id'], rows, 'no authorities');
}

/** By profile; within one, in the order in which the daemon tells them. */
function orderOf({ profile }: WireAuthorityState): number {
  return ['x509', 'jwt', 'wit'].indexOf(profile);
}

function painted(state: string, paint: Paint): string {
  if (state === 'active') return paint.good(state);
  if (state === 'tainted' || state === 'revoked') return paint.bad(state);
  return state;
}
