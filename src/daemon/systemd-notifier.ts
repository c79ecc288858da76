import { once } from 'node:events';
import type { Clock } from '../core/clock.js';
import type { Service } from '../core/services.js';

/** Without WATCHDOG_USEC there is nothing to report until the end. */
const MICROSECONDS_PER_MS = 1_000;

export interface NotifierDeps {
  /** Sends one datagram to the service manager; see sd_notify(3). */
  readonly notify: (state: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly status: () => string;
  readonly clock: Clock;
}

/** Tells systemd that the daemon is ready, alive (at half of the watchdog's time) and stopping. */
export class SystemdNotifier implements Service {
  readonly name = 'systemd notifier';
  readonly #deps: NotifierDeps;

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { notify, status, clock, env } = this.#deps;
    notify(`READY=1\nSTATUS=${status()}`);
    const watchdogMs = Number(env.WATCHDOG_USEC) / MICROSECONDS_PER_MS;
    while (!signal.aborted) {
      if (watchdogMs > 0) {
        await clock.sleep(watchdogMs / 2, signal);
        if (!signal.aborted) notify(`WATCHDOG=1\nSTATUS=${status()}`);
      } else {
        await once(signal, 'abort');
      }
    }
    notify('STOPPING=1');
  }
}
