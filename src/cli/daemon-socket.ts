import type { AdminService } from '../wire/admin.js';
import type { ExplainService } from '../wire/explain.js';
import type { LaunchesService } from '../wire/launches.js';
import type { Cli } from './cli.js';
import type { Connection } from './connection.js';
import { findSocket, orWherePassedOver, socketPath, type FoundSocket } from './sockets.js';

/**
 * Finds the admin socket, and gives its service to `use` for as long as that takes.
 *
 * Errors: DAEMON_UNREACHABLE, ADMIN_DENIED, and whatever the daemon answers.
 */
export async function withAdmin<T>(
  cli: Cli,
  options: { readonly adminSocket?: string },
  use: (admin: Connection<AdminService>) => Promise<T>,
): Promise<T> {
  const found = await findSocket('adminSocket', options.adminSocket, cli.io.facts);
  // Loaded here, so that `--help` and its like do without gRPC.
  const { Connection } = await import('./connection.js');
  using admin = Connection.toAdmin(socketPath(found.address));
  return await orWherePassedOver(found, use(admin));
}

/** The same for the explain service, which is on both sockets. */
export async function withExplain<T>(
  found: FoundSocket,
  use: (explain: Connection<ExplainService>) => Promise<T>,
): Promise<T> {
  const { Connection } = await import('./connection.js');
  using explain = Connection.toExplain(socketPath(found.address));
  return await orWherePassedOver(found, use(explain));
}

/** The same for the launched programs, which are on both sockets. */
export async function withLaunches<T>(
  found: FoundSocket,
  use: (launches: Connection<LaunchesService>) => Promise<T>,
): Promise<T> {
  const { Connection } = await import('./connection.js');
  using launches = Connection.toLaunches(socketPath(found.address));
  return await orWherePassedOver(found, use(launches));
}
