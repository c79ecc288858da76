import type { Clock } from '../core/clock.js';
import type { AuthorityKeeper } from './authority-keeper.js';
import { isValidAt, type AuthorityRecord } from './authority-record.js';
import type { NewAuthority } from './authority-maker.js';
import type { Profile } from './authority-set.js';
import type { AuthorityStore } from './authority-store.js';
import { successorOf } from './lifecycle.js';
import type { AuthoritySettings } from './settings.js';
import type { UpstreamSource } from './upstream-source.js';

export interface StartDeps {
  readonly store: AuthorityStore;
  readonly keeper: AuthorityKeeper;
  readonly settings: AuthoritySettings;
  readonly clock: Clock;
  readonly upstream: UpstreamSource | undefined;
  readonly make: (profile: Profile, now: Date) => Promise<NewAuthority>;
}

/**
 * Sees to it that each profile has an authority that can sign: the one that did, the one that was to follow, or a new
 * one. Where the one that did still can, a successor waits a moment longer, until the streams are back.
 *
 * Errors: UPSTREAM_INVALID, KEY_UNREADABLE, RECORD_UNWRITABLE.
 */
export async function startAuthorities(deps: StartDeps): Promise<void> {
  const { keeper, upstream } = deps;
  if (upstream !== undefined) await keeper.adopt(await upstream.load());
  for (const profile of ['x509', 'jwt', 'wit'] as const) await startOne(profile, deps);
}

async function startOne(profile: Profile, deps: StartDeps): Promise<void> {
  const { keeper, clock, make } = deps;
  const now = clock.now();
  const successor = successorOf(keeper.recordsOf(profile), now);
  const active = keeper.activeOf(profile);
  if (active !== undefined && isUsable(active, deps, now)) {
    if (!suits(active, deps.settings) && !(successor && suits(successor, deps.settings))) {
      await keeper.renew(profile);
    } else if (successor?.activateAt !== undefined) await keeper.postpone(successor);
    return;
  }
  if (successor !== undefined && isUsable(successor, deps, now)) return keeper.activate(successor);
  const { record, key } = await make(profile, now);
  await keeper.activate(record, new Map([[record.id, key]]));
}

/** Valid, and its key is there. */
function isUsable(record: AuthorityRecord, { store }: StartDeps, now: Date): boolean {
  return isValidAt(record, now) && store.keyOf(record.id) !== undefined;
}

/** Whether it is what the settings ask for by now: the algorithm of JWT-SVIDs, roots of our own or the user's. */
function suits({ profile, public: half }: AuthorityRecord, settings: AuthoritySettings): boolean {
  if (half.kind === 'x509') return half.upstream === (settings.upstream !== undefined);
  return profile !== 'jwt' || half.algorithm === settings.jwt.algorithm;
}
