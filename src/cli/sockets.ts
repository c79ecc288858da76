import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defaultPaths, type PathFacts } from '../core/paths.js';

/** Which of the daemon's two sockets. */
export type SocketName = 'socket' | 'adminSocket';

/** Where to look for the daemon, and how that was decided. */
export interface FoundSocket {
  /** As it was given or found: an absolute path, or a `unix:` or `tcp:` URI. */
  readonly address: string;
  readonly from: 'flag' | 'environment' | 'user' | 'root';
  /** Folders that were passed over because they are not this user's alone, with what is wrong. */
  readonly passedOver: readonly string[];
}

const VARIABLES: Readonly<Record<SocketName, string>> = {
  socket: 'SPIFFE_ENDPOINT_SOCKET',
  adminSocket: 'SPOOR_ADMIN_SOCKET',
};

/**
 * Finds a socket of the daemon: by flag, then by environment, then the user's own if it is there, then root's.
 *
 * Returns: root's path also when nothing is there, so that the attempt to connect can say so.
 * Source:  "Sockets and files" in src/README.md.
 */
export async function findSocket(
  name: SocketName,
  flag: string | undefined,
  facts: PathFacts,
): Promise<FoundSocket> {
  if (flag !== undefined) return { address: flag, from: 'flag', passedOver: [] };
  const variable = facts.env[VARIABLES[name]];
  if (variable) return { address: variable, from: 'environment', passedOver: [] };

  const own = defaultPaths('user', facts)[name];
  const fault = await faultOf(own, facts.uid);
  if (fault === 'none') return { address: own, from: 'user', passedOver: [] };
  const passedOver = fault === 'absent' ? [] : [`${dirname(own)}: ${fault}`];
  return { address: defaultPaths('root', facts)[name], from: 'root', passedOver };
}

/**
 * What speaks against a socket of the user's own: `none`, `absent`, or a few words.
 *
 * The temporary folder is everyone's: another user may have made `spoor-UID` there first, to be asked in our place.
 */
async function faultOf(path: string, uid: number): Promise<string> {
  try {
    const folder = await stat(dirname(path));
    if (folder.uid !== uid) return `belongs to uid ${folder.uid}`;
    if ((folder.mode & 0o022) !== 0) return 'others may write to it';
    const socket = await stat(path);
    return socket.isSocket() ? 'none' : 'holds no socket';
  } catch {
    // Absent and unreadable come to the same: no daemon of this user's can be asked there.
    return 'absent';
  }
}
