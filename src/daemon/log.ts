import { pino, type DestinationStream, type Logger as Pino, type LoggerOptions } from 'pino';
import { SpoorError } from '../core/errors.js';
import type { LogFields, Logger } from '../core/log.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'auto' | 'text' | 'json';

/** The log of a running program, to be flushed before it exits. */
export interface OpenLog {
  readonly log: Logger;
  readonly flush: () => void;
}

/**
 * Opens the log on standard error: readable on a terminal, one JSON object a line otherwise.
 *
 * Takes: `format` — `auto` decides by whether standard error is a terminal.
 */
export async function openLog(level: LogLevel, format: LogFormat): Promise<OpenLog> {
  const readable = format === 'text' || (format === 'auto' && process.stderr.isTTY);
  const stream = readable ? await readableStream() : pino.destination({ dest: 2, sync: false });
  const root: Pino = pino(OPTIONS(level), stream);
  return {
    log: new PinoLog(root),
    flush: () => ('flushSync' in stream ? (stream.flushSync as () => void)() : undefined),
  };
}

const OPTIONS = (level: LogLevel): LoggerOptions => ({
  level,
  base: null,
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ level: label }) },
  serializers: { error: serializeError },
});

async function readableStream(): Promise<DestinationStream> {
  const { build } = await import('pino-pretty');
  return build({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY && !process.env.NO_COLOR,
    ignore: 'pid,hostname',
  });
}

/** What the log shows of an error: code, sentence, facts, and the sentences of its causes; a stack for bugs only. */
export function serializeError(error: unknown): unknown {
  if (error instanceof SpoorError) {
    const { code, message, facts, cause } = error;
    return {
      code,
      message,
      ...(Object.keys(facts).length > 0 && { facts }),
      ...(cause !== undefined && { cause: serializeError(cause) }),
      ...(error.kind === 'bug' && { stack: error.stack }),
    };
  }
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error) };
}

class PinoLog implements Logger {
  readonly #pino: Pino;

  constructor(log: Pino) {
    this.#pino = log;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#pino.debug(fields, message);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#pino.info(fields, message);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, message);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#pino.error(fields, message);
  }

  with(fields: LogFields): Logger {
    return new PinoLog(this.#pino.child(fields));
  }
}
