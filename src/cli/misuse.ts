import type { CommanderError } from 'commander';
import { SpoorError } from '../core/errors.js';

/** What commander says of a command line that it cannot understand, as an error of ours. */
export function misuse(error: CommanderError): SpoorError {
  const message = error.message
    .replace(/^error: /u, '')
    .replaceAll(/\n+/gu, ' ')
    .replace(/\.$/u, '');
  return new SpoorError('ARGUMENT_INVALID', message, { cause: error });
}
