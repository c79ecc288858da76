import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import type { AdminOptions } from '../options.js';
import { launchDefAdd } from './launch-def-add.js';
import { launchDefDelete } from './launch-def-delete.js';
import { launchDefList } from './launch-def-list.js';
import { launchDefPin, type PinnableDefinition } from './launch-def-pin.js';
import { launchDefShow } from './launch-def-show.js';

/** `spoor launch-def`: what may be launched, and by whom. */
export function launchDef(cli: Cli): Command {
  return cli.group(
    {
      name: 'launch-def',
      summary: 'say which programs may be launched, and by whom',
      examples: ['spoor launch-def list'],
    },
    [
      launchDefAdd(cli),
      launchDefShow(cli),
      launchDefList(cli),
      launchDefDelete(cli),
      launchDefPin(cli, (options, name) => pinnable(cli, options, name)),
    ],
  );
}

function pinnable(cli: Cli, options: AdminOptions, name: string): Promise<PinnableDefinition> {
  return withAdmin(cli, options, async (admin) => {
    const { command } = await admin.call('GetLaunchDefinition', { name });
    const { packages_folder: packages } = await admin.call('GetStatus', {});
    return { command, packages };
  });
}
