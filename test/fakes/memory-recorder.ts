import { setImmediate as nextTurn } from 'node:timers/promises';
import { SpoorError } from '../../src/core/errors.js';
import type { RecordEvent, Recorder } from '../../src/core/record.js';

/** A record in memory: it keeps what it is given, takes a turn of the event loop for it, and can be full. */
export class MemoryRecorder implements Recorder {
  readonly events: RecordEvent[] = [];
  full = false;
  /** Set to hold appends back; what was appended meanwhile is kept when it resolves. */
  stalled: Promise<void> | undefined;

  async append(event: RecordEvent): Promise<void> {
    await (this.stalled ?? nextTurn());
    if (this.full) throw new SpoorError('RECORD_UNWRITABLE', 'the record is full');
    this.events.push(event);
  }

  /** What was issued, oldest first. */
  get issued(): readonly Extract<RecordEvent, { event: 'issued' }>[] {
    return this.events.filter((event) => event.event === 'issued');
  }
}
