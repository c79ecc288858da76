import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';

/** `spoor launch-def delete`: a launch definition of the store; what was launched by it goes on. */
export function launchDefDelete(cli: Cli): Command {
  return cli
    .command({
      name: 'delete',
      summary: 'delete a launch definition of the store; what runs by it goes on',
      examples: ['spoor launch-def delete researcher'],
      json: '{"deleted": "researcher"}',
    })
    .argument('<name>', 'name of the definition')
    .addOption(adminSocketOption())
    .action(async (name: string, options: AdminOptions) => {
      await withAdmin(cli, options, (admin) => admin.call('DeleteLaunchDefinition', { name }));
      cli.print(options, { deleted: name }, () => `deleted ${name}`);
    });
}
