import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { DEFINITION_JSON, definitionsText } from './launch-def-text.js';

/** `spoor launch-def list`: all launch definitions, of files and of the store. */
export function launchDefList(cli: Cli): Command {
  return cli
    .command({
      name: 'list',
      summary: 'list the launch definitions of files and store',
      examples: ['spoor launch-def list', 'spoor launch-def list --output json'],
      json: `{"definitions": [DEFINITION]}\nDEFINITION is ${DEFINITION_JSON}`,
    })
    .addOption(adminSocketOption())
    .action(async (options: AdminOptions) => {
      const answer = await withAdmin(cli, options, (admin) => admin.call('ListLaunchDefinitions', {}));
      cli.print(options, answer, () => definitionsText(answer.definitions));
    });
}
