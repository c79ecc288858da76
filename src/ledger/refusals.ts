import type { Clock } from '../core/clock.js';
import type { RecordEvent, Recorder } from '../core/record.js';

export type Refusal = Omit<Extract<RecordEvent, { event: 'refused' }>, 'event' | 'count'>;

/** Writes refusals so that a flood of them cannot fill the disk. A Service: it flushes the counts each minute. */
export class Refusals {
  readonly name = 'refusals';
  constructor(_deps: { readonly recorder: Recorder; readonly clock: Clock }) {}
  /** Never rejects, never waits: a refusal is answered whether or not it could be recorded. */
  refused(_refusal: Refusal): void {}
  async run(_signal: AbortSignal): Promise<void> {}
}
