import type { AuthorityState, Profile } from '../authority/authority-set.js';
import { SpoorError } from '../core/errors.js';
import type { AdminService, WireAuthorities, WireAuthorityState } from '../wire/admin.js';
import type { AdminRooms } from './admin-rooms.js';
import { writeInstant } from './instant.js';
import type { Answers } from './service.js';

type AuthorityRpcs = Pick<
  AdminService,
  'GetAuthorities' | 'RotateAuthority' | 'TaintAuthority' | 'RevokeAuthority'
>;

const PROFILES: readonly string[] = ['x509', 'jwt', 'wit'] satisfies readonly Profile[];

/** The part of spoor.v1.Admin about the keys that sign. Every answer is how they stand afterwards. */
export function authorityAnswers({ authorities }: Pick<AdminRooms, 'authorities'>): Answers<AuthorityRpcs> {
  const after = async (change: Promise<void>): Promise<WireAuthorities> => {
    await change;
    return { authorities: authorityStates({ authorities }) };
  };
  return {
    GetAuthorities: () => ({ authorities: authorityStates({ authorities }) }),
    RotateAuthority: ({ profile }) => after(authorities.rotate(readProfile(profile))),
    TaintAuthority: ({ id }) => after(authorities.taint(id)),
    RevokeAuthority: ({ id }) => after(authorities.revoke(id)),
  };
}

/** Every authority as it stands now. */
export function authorityStates({ authorities }: Pick<AdminRooms, 'authorities'>): WireAuthorityState[] {
  return authorities.set.current.value.states.map(toWire);
}

function toWire({ profile, id, state, notBefore, notAfter, nextChange }: AuthorityState): WireAuthorityState {
  return {
    profile,
    id,
    state,
    not_before: writeInstant(notBefore),
    not_after: writeInstant(notAfter),
    next_change: writeInstant(nextChange),
  };
}

/** Errors: ARGUMENT_INVALID. */
function readProfile(text: string): Profile | undefined {
  if (text === '') return undefined;
  if (PROFILES.includes(text)) return text as Profile;
  throw new SpoorError('ARGUMENT_INVALID', `profile is ${text.slice(0, 20)}, and not x509, jwt or wit`);
}
