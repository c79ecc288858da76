import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { DEFINITION_JSON, definitionText } from './launch-def-text.js';

/** `spoor launch-def show`: one launch definition with all its fields. */
export function launchDefShow(cli: Cli): Command {
  return cli
    .command({
      name: 'show',
      summary: 'show one launch definition with all its fields',
      examples: ['spoor launch-def show researcher', 'spoor launch-def show researcher --output json'],
      json: DEFINITION_JSON,
    })
    .argument('<name>', 'name of the definition')
    .addOption(adminSocketOption())
    .action(async (name: string, options: AdminOptions) => {
      const definition = await withAdmin(cli, options, (admin) =>
        admin.call('GetLaunchDefinition', { name }),
      );
      cli.print(options, definition, (paint) => definitionText(definition, paint));
    });
}
