import { Reattestation } from '../attestation/reattestation.js';
import type { Service } from '../core/services.js';
import { trimMemory } from '../kernel/memory.js';
import { layGround, type DaemonDeps } from './storeys/ground.js';
import { openInstances } from './storeys/instances.js';
import { openKept } from './storeys/kept.js';
import { openOutside } from './storeys/outside.js';
import { openSockets, type Inside, type Sockets } from './storeys/sockets.js';
import { HealthMonitor } from './health-monitor.js';
import { healthProbes } from './health-probes.js';
import { Housekeeping } from './housekeeping.js';

/** A daemon that is open and listening; it answers once its services run. */
export interface Daemon extends AsyncDisposable {
  readonly services: readonly Service[];
}

/**
 * Joins the rooms, from the ground up. This file and the folder `storeys/` are the only ones that open or make them all.
 *
 * Errors: whatever a room says at its opening; what was opened before is then closed again.
 */
export async function buildDaemon(deps: DaemonDeps): Promise<Daemon> {
  await using opened = new AsyncDisposableStack();
  const ground = await layGround(deps);
  const kept = await openKept(ground, opened);
  const present = await openInstances(ground, kept, opened);
  const health = new HealthMonitor({ ...ground, probes: healthProbes(kept, present, ground.clock) });
  const inside: Inside = { ground, kept, present, health };
  const sockets = await openSockets(inside, opened);
  const outside = await openOutside(inside, sockets, opened);

  const services = [...servicesOf(inside, sockets), ...outside];
  const owned = opened.move();
  return { services, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function servicesOf({ ground, kept, present, health }: Inside, sockets: Sockets): readonly Service[] {
  const { kernel, clock, log } = ground;
  const { agent, admin, launch, agentDesk } = sockets;
  const reattestation = new Reattestation({
    watched: () => agentDesk.openByInstance().keys(),
    attestors: present.attestors,
    clock,
    log,
  });
  const housekeeping = new Housekeeping({
    residentBytes: () => process.memoryUsage.rss(),
    load: () => agent.statistics.connections + agentDesk.openCalls,
    trim: () => trimMemory(kernel.libc),
    clock,
    log,
  });
  const { entries, bundles, authorities, refusals } = kept;
  return [
    ...[entries, bundles, authorities, present.views, refusals],
    ...[reattestation, health, housekeeping, present.digestMemory],
    ...[agent, admin],
    ...(launch === undefined ? [] : [launch]),
  ];
}
