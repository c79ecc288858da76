import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { AUTHORITIES_JSON, authoritiesText } from './authority-text.js';

/** `spoor authority rotate`: new signing keys, published before they sign. */
export function authorityRotate(cli: Cli): Command {
  return cli
    .command({
      name: 'rotate',
      summary: 'put new authorities in place; each is published before it signs',
      examples: ['spoor authority rotate', 'spoor authority rotate jwt'],
      json: AUTHORITIES_JSON,
    })
    .addArgument(
      new Argument('[profile]', 'one of the three; all unless given').choices(['x509', 'jwt', 'wit']),
    )
    .addOption(adminSocketOption())
    .action(async (profile: string | undefined, options: AdminOptions) => {
      const request = { profile: profile ?? '' };
      const answer = await withAdmin(cli, options, (admin) => admin.call('RotateAuthority', request));
      cli.print(options, answer, (paint) => authoritiesText(answer.authorities, cli.io.clock.now(), paint));
    });
}
