import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { SnapshotCell } from '../core/snapshot.js';
import { examine, type Health, type HealthProbe } from './health.js';

/** How soon a change is noticed by those who watch: gRPC health and the log. */
const LOOK_MS = 1_000;

export interface HealthMonitorDeps {
  readonly probes: readonly HealthProbe[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Looks at the daemon's health, now when asked and once a second; says in the log what changed. */
export class HealthMonitor implements Service {
  readonly name = 'health';
  /** Whether the daemon can issue. */
  readonly ready = new SnapshotCell(true);
  readonly #deps: HealthMonitorDeps;
  readonly #known = new Map<string, string>();

  constructor(deps: HealthMonitorDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#follow(this.examine());
      await this.#deps.clock.sleep(LOOK_MS, signal);
    }
  }

  /** Asks every probe, now. */
  examine(): Health {
    return examine(this.#deps.probes);
  }

  #follow({ ready, checks }: Health): void {
    if (ready !== this.ready.current.value) this.ready.set(ready);
    for (const { name, status, detail } of checks) {
      const known = this.#known.get(name) ?? 'ok';
      this.#known.set(name, status);
      if (status === known) continue;
      if (status === 'ok') this.#deps.log.info('healthy again', { check: name });
      else this.#deps.log.warn('not healthy', { check: name, status, detail });
    }
  }
}
