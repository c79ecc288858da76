import { SpoorError } from '../core/errors.js';

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/u;

/** RFC 3339 in UTC; empty where there is none. */
export function writeInstant(date: Date | undefined): string {
  return date?.toISOString() ?? '';
}

/**
 * Reads an instant of a request; empty is undefined.
 *
 * Errors: ARGUMENT_INVALID for what is not RFC 3339.
 */
export function readInstant(text: string, field: string): Date | undefined {
  if (text === '') return undefined;
  const date = new Date(text);
  if (RFC3339.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new SpoorError('ARGUMENT_INVALID', `${field} is no RFC 3339 instant such as 2030-01-01T00:00:00Z`, {
    facts: { found: text.slice(0, 80) },
  });
}
