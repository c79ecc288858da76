import type { MayLaunch } from '../definitions/definition.js';

/** Who wants to launch, as far as users and groups go. */
export interface Launcher {
  readonly uid: number;
  /** Undefined where /etc/passwd has none. */
  readonly userName: string | undefined;
  /** Primary and supplementary ones. */
  readonly gids: readonly number[];
  readonly groupNames: readonly string[];
}

/**
 * Whether users and groups of a definition let somebody launch it; its SPIFFE IDs are not looked at.
 *
 * Root and the daemon's own user always may: they could start the program by themselves. A user or a group that is
 * written as a number is that number, never a name.
 *
 * Takes: `ownUid`: the daemon's.
 */
export function mayLaunch(
  { users, groups }: Pick<MayLaunch, 'users' | 'groups'>,
  { uid, userName, gids, groupNames }: Launcher,
  ownUid: number,
): boolean {
  if (uid === 0 || uid === ownUid) return true;
  return (
    users.some((user) => isOneOf(user, [uid], userName === undefined ? [] : [userName])) ||
    groups.some((group) => isOneOf(group, gids, groupNames))
  );
}

function isOneOf(written: string, numbers: readonly number[], names: readonly string[]): boolean {
  return /^\d+$/.test(written) ? numbers.includes(Number(written)) : names.includes(written);
}
