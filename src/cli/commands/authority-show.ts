import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { AUTHORITIES_JSON, authoritiesText } from './authority-text.js';

/** `spoor authority show`: what signs now, and what will. */
export function authorityShow(cli: Cli): Command {
  return cli
    .command({
      name: 'show',
      summary: 'show the authorities: what signs now, what comes next, what is still published',
      examples: ['spoor authority show', 'spoor authority show --output json'],
      json: AUTHORITIES_JSON,
    })
    .addOption(adminSocketOption())
    .action(async (options: AdminOptions) => {
      const answer = await withAdmin(cli, options, (admin) => admin.call('GetAuthorities', {}));
      cli.print(options, answer, (paint) => authoritiesText(answer.authorities, cli.io.clock.now(), paint));
    });
}
