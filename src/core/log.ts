/** Values that go with a log line. Never a key, a token or a whole request. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log: the message is a constant, what varies goes into the fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log, with `fields` on every line. */
  with(fields: LogFields): Logger;
}

/** Says nothing. */
export const NO_LOG: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => NO_LOG,
};
