import type { LogFields } from '../core/log.js';
import { runServices } from '../core/services.js';
import { buildDaemon } from './build.js';
import type { Config } from './config.js';
import { openLog } from './log.js';

/**
 * Runs the daemon until `signal` aborts.
 *
 * Errors: CONFIG_INVALID, SOCKET_*, STATE_* and others at the start; the first failure of a service afterwards.
 */
export async function runDaemon(config: Config, version: string, signal: AbortSignal): Promise<void> {
  const { log, flush } = await openLog(config.log.level, config.log.format);
  try {
    await using daemon = await buildDaemon({ config, version, log, signal });
    log.info('serving the Workload API', { version, ...servedBy(config) });
    await runServices(daemon.services, signal);
    log.info('stopping');
  } finally {
    flush();
  }
}

/** Where and as whom: what an operator asks first. */
function servedBy({ trustDomain, mode, socket, adminSocket, state, entries }: Config): LogFields {
  return { trustDomain: trustDomain.name, mode, socket, adminSocket, state, entries };
}
