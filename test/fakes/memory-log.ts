import type { LogFields, Logger } from '../../src/core/log.js';

/** A log that a test can read: `lines` as `level message`, `fields` beside them, shared by all `with` children. */
export class MemoryLog implements Logger {
  readonly lines: string[];
  readonly fields: LogFields[];
  readonly #bound: LogFields;

  constructor(lines: string[] = [], fields: LogFields[] = [], bound: LogFields = {}) {
    this.lines = lines;
    this.fields = fields;
    this.#bound = bound;
  }

  debug(message: string, fields?: LogFields): void {
    this.#add('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#add('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#add('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#add('error', message, fields);
  }

  with(fields: LogFields): MemoryLog {
    return new MemoryLog(this.lines, this.fields, { ...this.#bound, ...fields });
  }

  #add(level: string, message: string, fields: LogFields = {}): void {
    this.lines.push(`${level} ${message}`);
    this.fields.push({ ...this.#bound, ...fields });
  }
}
