import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { RecordEvent, Recorder } from '../core/record.js';
import type { Service } from '../core/services.js';

/** Of one uid and one code, in one minute, so many refusals have a line of their own. */
const LINES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** What is known of a refused call. */
export type Refusal = Omit<Extract<RecordEvent, { event: 'refused' }>, 'event' | 'count'>;

interface Tally {
  seen: number;
  last: Refusal;
}

export interface RefusalsDeps {
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Records refusals so that a flood of them cannot fill the disk: what is over ten a minute is counted in one line. */
export class Refusals implements Service {
  readonly name = 'refusals';
  readonly #deps: RefusalsDeps;
  readonly #tallies = new Map<string, Tally>();
  #failing = false;

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
  }

  /** Never throws and never waits: a refusal is answered whether or not it can be recorded. */
  refused(refusal: Refusal): void {
    const key = `${refusal.uid ?? ''} ${refusal.code}`;
    const tally = this.#tallies.get(key) ?? { seen: 0, last: refusal };
    this.#tallies.set(key, tally);
    tally.seen += 1;
    tally.last = refusal;
    if (tally.seen <= LINES_PER_MINUTE) void this.#append({ event: 'refused', ...refusal });
  }

  /** Writes the counts of each minute. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(MINUTE_MS, signal);
      await this.#writeCounts();
    }
  }

  async #writeCounts(): Promise<void> {
    const tallies = [...this.#tallies.values()];
    this.#tallies.clear();
    const crowded = tallies.filter(({ seen }) => seen > LINES_PER_MINUTE);
    await Promise.all(
      crowded.map(({ seen, last }) =>
        this.#append({ event: 'refused', ...last, count: seen - LINES_PER_MINUTE }),
      ),
    );
  }

  /** Never rejects. */
  async #append(event: RecordEvent): Promise<void> {
    try {
      await this.#deps.recorder.append(event);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#deps.log.warn('refusals cannot be recorded', { error });
      this.#failing = true;
    }
  }
}
