import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';

/** `spoor entry delete`: an entry of the store; workloads that rested on it lose its SVIDs at once. */
export function entryDelete(cli: Cli): Command {
  return cli
    .command({
      name: 'delete',
      summary: 'delete an entry of the store; its workloads lose their identity at once',
      examples: ['spoor entry delete web'],
      json: '{"deleted": "web"}',
    })
    .argument('<id>', 'id of the entry')
    .addOption(adminSocketOption())
    .action(async (id: string, options: AdminOptions) => {
      await withAdmin(cli, options, (admin) => admin.call('DeleteEntry', { id }));
      cli.print(options, { deleted: id }, () => `deleted ${id}`);
    });
}
