import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseEndpoint, type Endpoint } from '../client/endpoint.js';
import { SpoorError } from '../core/errors.js';
import { defaultPaths, type PathFacts } from '../core/paths.js';

/** Which of the daemon's sockets. */
export type SocketName = 'socket' | 'adminSocket' | 'launchSocket';

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
  launchSocket: 'SPOOR_LAUNCH_SOCKET',
};

/**
 * Finds a socket of the daemon: by flag, then by environment, then the user's own if it is there, then root's. The launch
 * socket may also lie beside the agent socket that the environment names.
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
  const variable = facts.env[VARIABLES[name]] || (name === 'launchSocket' && besideAgent(facts));
  if (variable) return { address: variable, from: 'environment', passedOver: [] };

  const own = defaultPaths('user', facts)[name];
  const fault = await faultOf(own, facts.uid);
  if (fault === 'none') return { address: own, from: 'user', passedOver: [] };
  const passedOver = fault === 'absent' ? [] : [`${dirname(own)}: ${fault}`];
  return { address: defaultPaths('root', facts)[name], from: 'root', passedOver };
}

function besideAgent({ env }: PathFacts): string | undefined {
  const agent = env[VARIABLES.socket];
  if (!agent) return undefined;
  const endpoint = endpointOf(agent);
  return endpoint.kind === 'unix' ? join(dirname(endpoint.path), 'launch.sock') : undefined;
}

/**
 * Where a socket address leads: a plain path, or an endpoint as SPIFFE writes it.
 *
 * Errors: ENDPOINT_INVALID.
 */
export function endpointOf(address: string): Endpoint {
  // Resolved, it would be the working folder: most often a variable that was not set.
  if (address === '') throw new SpoorError('ENDPOINT_INVALID', 'the address of the socket is empty');
  if (/^[a-z]+:/iu.test(address)) return parseEndpoint(address);
  return { kind: 'unix', path: resolve(address) };
}

/** The same where only a Unix socket will do. */
export function socketPath(address: string): string {
  const endpoint = endpointOf(address);
  if (endpoint.kind === 'unix') return endpoint.path;
  throw new SpoorError('ENDPOINT_INVALID', 'this command needs a Unix socket', { facts: { address } });
}

/** A daemon that is not where we looked may be where we would not look: then the error says why we would not. */
export async function orWherePassedOver<T>({ passedOver }: FoundSocket, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const away = error instanceof SpoorError && error.code === 'DAEMON_UNREACHABLE';
    if (!away || passedOver.length === 0) throw error;
    const facts = { ...error.facts, passed_over: passedOver.join(', ') };
    throw new SpoorError(error.code, error.message, { facts, cause: error });
  }
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
