import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { AUTHORITIES_JSON, authoritiesText } from './authority-text.js';

/** `spoor authority taint`: an authority that is no longer trusted to sign, before it is revoked. */
export function authorityTaint(cli: Cli): Command {
  return cli
    .command({
      name: 'taint',
      summary: 'stop signing with an authority and renew all that it signed; it stays published until then',
      examples: ['spoor authority taint 3f2a9c51'],
      json: AUTHORITIES_JSON,
    })
    .argument('<id>', 'id of the authority, as `spoor authority show` prints it')
    .addOption(adminSocketOption())
    .action(async (id: string, options: AdminOptions) => {
      const answer = await withAdmin(cli, options, (admin) => admin.call('TaintAuthority', { id }));
      cli.print(options, answer, (paint) => authoritiesText(answer.authorities, cli.io.clock.now(), paint));
    });
}
