import { SpoorError } from '../core/errors.js';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import type { CliIo } from './io.js';
import { paintFor } from './paint.js';

export type OutputFormat = 'text' | 'json';

/**
 * Says on standard error what went wrong, for people in four lines, or as one line of JSON.
 *
 * Shape:   JSON is `{"error": {"code", "kind", "message", "remedy", "facts"}}`.
 * Returns: the exit code that goes with it.
 */
export function report(error: unknown, format: OutputFormat, io: CliIo): ExitCode {
  const known = error instanceof SpoorError ? error : unexpected(error);
  io.err.write(format === 'json' ? `${asJson(known)}\n` : asText(known, io));
  return EXIT_CODES[known.kind];
}

function unexpected(error: unknown): SpoorError {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SpoorError('INVARIANT_BROKEN', `unexpected failure: ${what}`, { cause: error });
}

function asJson({ code, kind, message, remedy, facts }: SpoorError): string {
  return JSON.stringify({ error: { code, kind, message, remedy, facts } });
}

function asText(error: SpoorError, io: CliIo): string {
  const paint = paintFor(io.err, io);
  const facts = factsLine(error.facts);
  const lines = [
    `${paint.bad('error:')} ${error.message}`,
    ...(facts === '' ? [] : [`${paint.faint('facts:')} ${facts}`]),
    `${paint.faint('remedy:')} ${error.remedy}`,
    `${paint.faint('code:')} ${error.code}`,
  ];
  const stack = error.kind === 'bug' && error.cause instanceof Error ? `${error.cause.stack}\n` : '';
  return `${lines.map((line) => `spoor: ${line}\n`).join('')}${stack}`;
}

/** `name=value`, with quotes where the value would fall apart. */
function factsLine(facts: Readonly<Record<string, string | number>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${/^[^\s"=]+$/u.test(String(value)) ? value : JSON.stringify(value)}`)
    .join(' ');
}
