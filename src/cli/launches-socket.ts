import type { Cli } from './cli.js';
import type { AdminOptions, AgentOptions } from './options.js';
import { findSocket, type FoundSocket } from './sockets.js';

/** Options of a command about launched instances. */
export interface LaunchesOptions extends AdminOptions, AgentOptions {
  readonly all?: boolean;
}

/** The agent socket for what one's own uid launched; for all of it, and for root, the admin socket. */
export async function launchesSocket(options: LaunchesOptions, { io }: Cli): Promise<FoundSocket> {
  const { all, socket, adminSocket } = options;
  const asOperator =
    all === true || adminSocket !== undefined || (socket === undefined && io.facts.uid === 0);
  return asOperator
    ? await findSocket('adminSocket', adminSocket, io.facts)
    : await findSocket('socket', socket, io.facts);
}
