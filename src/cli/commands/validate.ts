import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { validateJwt } from './validate-jwt.js';

/** `spoor validate`: has the Workload API judge what others present. */
export function validate(cli: Cli): Command {
  return cli.group(
    { name: 'validate', summary: 'judge a token', examples: ['spoor validate jwt --audience api token.txt'] },
    [validateJwt(cli)],
  );
}
