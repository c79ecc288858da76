import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { fetchBundle } from './fetch-bundle.js';
import { fetchJwt } from './fetch-jwt.js';
import { fetchWit } from './fetch-wit.js';
import { fetchX509 } from './fetch-x509.js';

/** `spoor fetch`: what a workload would get, from any SPIFFE Workload API. */
export function fetch(cli: Cli): Command {
  return cli.group(
    {
      name: 'fetch',
      summary: 'fetch SVIDs and bundles',
      examples: ['spoor fetch x509', 'spoor fetch jwt --audience api --raw'],
    },
    [fetchX509(cli), fetchJwt(cli), fetchWit(cli), fetchBundle(cli)],
  );
}
