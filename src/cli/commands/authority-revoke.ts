import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { AUTHORITIES_JSON, authoritiesText } from './authority-text.js';

/** `spoor authority revoke`: an authority out of the bundle. */
export function authorityRevoke(cli: Cli): Command {
  return cli
    .command({
      name: 'revoke',
      summary:
        'take an authority out of the bundle: whatever it signed is refused from then on; taint it first',
      examples: ['spoor authority revoke 3f2a9c51'],
      json: AUTHORITIES_JSON,
    })
    .argument('<id>', 'id of the authority, as `spoor authority show` prints it')
    .addOption(adminSocketOption())
    .action(async (id: string, options: AdminOptions) => {
      const answer = await withAdmin(cli, options, (admin) => admin.call('RevokeAuthority', { id }));
      cli.print(options, answer, (paint) => authoritiesText(answer.authorities, cli.io.clock.now(), paint));
    });
}
