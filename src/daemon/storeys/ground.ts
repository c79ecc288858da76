import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { NO_METRICS, type Metrics } from '../../core/metrics.js';
import { openKernel, type Kernel } from '../../kernel/kernel.js';
import { hideFromOthers } from '../../kernel/process-control.js';
import type { Config } from '../config.js';
import type { PrometheusMetrics } from '../prometheus.js';
import { prepareRuntimeFolder } from '../runtime-folder.js';
import { MACHINE_CLOCK } from '../../core/machine-clock.js';

export interface DaemonDeps {
  readonly config: Config;
  readonly version: string;
  readonly log: Logger;
  /** Aborts when the daemon is to stop. */
  readonly signal: AbortSignal;
}

/** What every room stands on. */
export interface Ground extends DaemonDeps {
  readonly uid: number;
  readonly clock: Clock;
  readonly random: (size: number) => Buffer;
  readonly kernel: Kernel;
  readonly metrics: Metrics;
  /** Who collects them; undefined when they are not served. */
  readonly prometheus: PrometheusMetrics | undefined;
}

/**
 * Hides the process before anything secret is read, and makes the folder of the sockets.
 *
 * Errors: KERNEL_UNSUPPORTED, SOCKET_UNUSABLE.
 */
export async function layGround(deps: DaemonDeps): Promise<Ground> {
  const kernel = openKernel();
  hideFromOthers(kernel.libc);
  const uid = process.geteuid?.() ?? 0;
  const { runtime, mode } = deps.config;
  if (runtime !== undefined) prepareRuntimeFolder(runtime, mode, uid);
  const prometheus = await openPrometheus(deps.config);
  const metrics = prometheus ?? NO_METRICS;
  return {
    ...deps,
    uid,
    clock: MACHINE_CLOCK,
    random: (size) => randomBytes(size),
    kernel,
    metrics,
    prometheus,
  };
}

/** Loaded only where it is served: it costs a quarter of the start. */
async function openPrometheus({ http }: Config): Promise<PrometheusMetrics | undefined> {
  if (http === undefined) return undefined;
  const { PrometheusMetrics } = await import('../prometheus.js');
  return new PrometheusMetrics();
}
