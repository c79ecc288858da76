import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { RecordEvent, Recorder } from '../core/record.js';

export class RecordFile implements Recorder, AsyncDisposable {
  static async open(_path: string, _deps: { readonly clock: Clock }): Promise<RecordFile> {
    throw new SpoorError('RECORD_UNWRITABLE', 'not yet');
  }
  async append(_event: RecordEvent): Promise<void> {}
  static async *find(_path: string, _needle: string): AsyncGenerator<Readonly<Record<string, unknown>>> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
