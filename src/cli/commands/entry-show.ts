import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { ENTRY_JSON, entryText } from './entry-text.js';

/** `spoor entry show`: one entry with all its fields. */
export function entryShow(cli: Cli): Command {
  return cli
    .command({
      name: 'show',
      summary: 'show one entry with all its fields',
      examples: ['spoor entry show web', 'spoor entry show web --output json'],
      json: ENTRY_JSON,
    })
    .argument('<id>', 'id of the entry')
    .addOption(adminSocketOption())
    .action(async (id: string, options: AdminOptions) => {
      const entry = await withAdmin(cli, options, (admin) => admin.call('GetEntry', { id }));
      cli.print(options, entry, (paint) => entryText(entry, cli.io.clock.now(), paint));
    });
}
