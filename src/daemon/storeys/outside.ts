import { readdirSync } from 'node:fs';
import type { Authorities } from '../../authority/authorities.js';
import type { Clock } from '../../core/clock.js';
import type { Service } from '../../core/services.js';
import { descriptorLimit } from '../../kernel/process-control.js';
import { notifyServiceManager } from '../../kernel/sd-notify.js';
import type { Health } from '../health.js';
import { LoopMonitor } from '../loop-monitor.js';
import type { Readings } from '../prometheus.js';
import { SystemdNotifier } from '../systemd-notifier.js';
import type { Inside, Sockets } from './sockets.js';

/** Who is told how the daemon is: Prometheus and probes over HTTP, and systemd. */
export async function openOutside(
  inside: Inside,
  sockets: Sockets,
  opened: AsyncDisposableStack,
): Promise<readonly Service[]> {
  return [...(await httpServices(inside, sockets, opened)), ...systemdServices(inside)];
}

function readings({ ground, kept, present }: Inside, sockets: Sockets, loop: LoopMonitor): Readings {
  const { agent, admin, agentDesk } = sockets;
  const limit = descriptorLimit(ground.kernel.libc);
  return {
    connections: () => ({ agent: agent.statistics.connections, admin: admin.statistics.connections }),
    streams: () => agentDesk.openCalls,
    instances: () => present.instances.size,
    entries: () => kept.entries.entries.current.value.size,
    entryProblems: () => kept.entries.problems.length,
    authorityExpiry: () => expiryOf(kept.authorities, ground.clock),
    descriptors: () => ({ open: readdirSync('/proc/self/fd').length, limit }),
    loopDelay: () => ({ ...loop.take() }),
    residentBytes: () => process.memoryUsage.rss(),
  };
}

function expiryOf({ set }: Authorities, clock: Clock): Readonly<Record<string, number>> {
  const { x509, jwt, wit } = set.current.value;
  const seconds = ({ notAfter }: { readonly notAfter: Date }): number =>
    (notAfter.getTime() - clock.now().getTime()) / 1_000;
  return { x509: seconds(x509), jwt: seconds(jwt), wit: seconds(wit) };
}

async function httpServices(
  inside: Inside,
  sockets: Sockets,
  opened: AsyncDisposableStack,
): Promise<readonly Service[]> {
  const { config, prometheus, log } = inside.ground;
  if (config.http === undefined || prometheus === undefined) return [];
  prometheus.read(readings(inside, sockets, opened.use(new LoopMonitor())));
  const { host, port } = config.http.listen;
  const { HttpServer } = await import('../http-server.js');
  const health = (): Health => inside.health.examine();
  return [await HttpServer.open({ host, port, health, scrape: () => prometheus.scrape(), log })];
}

function systemdServices({ ground: { kernel, clock }, present: { instances } }: Inside): readonly Service[] {
  const { env } = process;
  const address = env.NOTIFY_SOCKET;
  if (address === undefined) return [];
  const notify = (state: string): void => void notifyServiceManager(kernel.libc, address, state);
  return [new SystemdNotifier({ notify, env, status: () => `${instances.size} processes known`, clock })];
}
