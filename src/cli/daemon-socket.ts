import { resolve } from 'node:path';
import { parseEndpoint, type Endpoint } from '../client/endpoint.js';
import { SpoorError } from '../core/errors.js';
import type { AdminService } from '../wire/admin.js';
import type { ExplainService } from '../wire/explain.js';
import type { Cli } from './cli.js';
import type { Connection } from './connection.js';
import { findSocket, type FoundSocket } from './sockets.js';

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

function pathOf(address: string): string {
  const endpoint = endpointOf(address);
  if (endpoint.kind === 'unix') return endpoint.path;
  throw new SpoorError('ENDPOINT_INVALID', 'this command needs a Unix socket', { facts: { address } });
}

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
  using admin = Connection.toAdmin(pathOf(found.address));
  return await orWherePassedOver(found, use(admin));
}

/** The same for the explain service, which is on both sockets. */
export async function withExplain<T>(
  found: FoundSocket,
  use: (explain: Connection<ExplainService>) => Promise<T>,
): Promise<T> {
  const { Connection } = await import('./connection.js');
  using explain = Connection.toExplain(pathOf(found.address));
  return await orWherePassedOver(found, use(explain));
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
