import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../core/duration.js';
import { SpoorError } from '../core/errors.js';
import type { OutputOptions } from './cli.js';

/** Options of a command that asks over the admin socket. */
export interface AdminOptions extends OutputOptions {
  readonly adminSocket?: string;
}

/** Options of a command that asks over the agent socket. */
export interface AgentOptions extends OutputOptions {
  readonly socket?: string;
}

export function adminSocketOption(): Option {
  return new Option(
    '--admin-socket <path>',
    'the admin socket (else SPOOR_ADMIN_SOCKET, else the usual places)',
  );
}

export function socketOption(): Option {
  return new Option(
    '--socket <address>',
    'the agent socket (else SPIFFE_ENDPOINT_SOCKET, else the usual places)',
  );
}

/** An option that may be given several times, and takes several values parted by commas. */
export function listOption(flags: string, description: string): Option {
  return new Option(flags, `${description}; repeat it for more`).argParser(
    (text: string, earlier: readonly string[] | undefined) => [
      ...(earlier ?? []),
      ...text.split(',').filter((part) => part !== ''),
    ],
  );
}

/** The same for values that may hold a comma. */
export function repeatedOption(flags: string, description: string): Option {
  return new Option(flags, `${description}; repeat it for more`).argParser(
    (text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text],
  );
}

/** A length of time such as `15m`; the command gets seconds. */
export function durationOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    try {
      return parseDuration(text);
    } catch (error) {
      if (error instanceof SpoorError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  });
}
