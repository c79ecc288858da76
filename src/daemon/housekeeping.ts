import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';

const LOOK_MS = 2_000;
/** Below this much growth since the last quiet moment a collection is not worth its pause of some 40 ms. */
const WORTHWHILE_BYTES = 16 * 1024 * 1024;
/** Load that has fallen to less than this share of its peak counts as over. */
const OVER = 0.5;

export interface HousekeepingDeps {
  readonly residentBytes: () => number;
  /** Connections and streams open now. */
  readonly load: () => number;
  /** Gives freed memory back to the kernel. */
  readonly trim: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Gives memory back after a flood: V8 and the allocator keep what a peak took unless they are asked. */
export class Housekeeping implements Service {
  readonly name = 'housekeeping';
  readonly #deps: HousekeepingDeps;
  #collect: ((options: object) => void) | undefined;
  #settledBytes = Number.POSITIVE_INFINITY;
  #peakLoad = 0;

  constructor(deps: HousekeepingDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(LOOK_MS, signal);
      if (!signal.aborted) this.#look();
    }
  }

  #look(): void {
    const { load, residentBytes } = this.#deps;
    const now = load();
    this.#peakLoad = Math.max(this.#peakLoad, now);
    const resident = residentBytes();
    this.#settledBytes = Math.min(this.#settledBytes, resident);
    const over = now <= this.#peakLoad * OVER;
    if (over && resident > this.#settledBytes + WORTHWHILE_BYTES) this.#tidy(now, resident);
  }

  #tidy(load: number, before: number): void {
    const { residentBytes, trim, log } = this.#deps;
    this.#collect ??= exposedCollector();
    this.#collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    trim();
    this.#settledBytes = residentBytes();
    this.#peakLoad = load;
    log.debug('gave memory back after a peak', { beforeBytes: before, afterBytes: this.#settledBytes });
  }
}

/** V8's own `gc`, without having started Node with a flag for it. */
function exposedCollector(): (options: object) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as (options: object) => void;
}
