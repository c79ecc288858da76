import type { Clock } from '../core/clock.js';
import type { LogFields, Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { DoorRefusal } from './door-refusal.js';

const WINDOW_MS = 60_000;
const LINES_PER_WINDOW = 10;
/** So many pairs of uid and reason are told apart; beyond that the counting begins anew. */
const MAX_PAIRS = 4_096;

interface Pair {
  readonly untilMs: number;
  lines: number;
  suppressed: number;
}

/** Says why connections are turned away: ten lines a minute for one uid and reason, so that a flood fills no disk. */
export class RefusalLog {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #pairs = new Map<string, Pair>();

  constructor(deps: { readonly log: Logger; readonly metrics: Metrics; readonly clock: Clock }) {
    this.#log = deps.log;
    this.#metrics = deps.metrics;
    this.#clock = deps.clock;
  }

  add({ reason, message }: DoorRefusal, uid: number, fields: LogFields): void {
    this.#metrics.turnedAway(reason);
    const { pair, suppressed } = this.#pair(`${uid} ${reason}`);
    if (pair.lines >= LINES_PER_WINDOW) {
      pair.suppressed++;
      return;
    }
    pair.lines++;
    const before = suppressed > 0 ? { suppressed } : {};
    this.#log.warn('connection turned away', { reason, why: message, uid, ...fields, ...before });
  }

  /** The running window of this pair; with a new one goes how many lines the last one kept to itself. */
  #pair(key: string): { readonly pair: Pair; readonly suppressed: number } {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#pairs.get(key);
    if (known !== undefined && nowMs < known.untilMs) return { pair: known, suppressed: 0 };
    if (this.#pairs.size >= MAX_PAIRS) this.#pairs.clear();
    const pair = { untilMs: nowMs + WINDOW_MS, lines: 0, suppressed: 0 };
    this.#pairs.set(key, pair);
    return { pair, suppressed: known?.suppressed ?? 0 };
  }
}
