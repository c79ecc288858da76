import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withLaunches } from '../daemon-socket.js';
import { launchesSocket, type LaunchesOptions } from '../launches-socket.js';
import { adminSocketOption, durationOption, socketOption } from '../options.js';

interface Options extends LaunchesOptions {
  /** Seconds. */
  readonly grace: number;
}

/** What the daemon may take beyond the grace: SIGKILL, and all the ends that follow from it. */
const MARGIN_MS = 20_000;

/** `spoor stop`: ends launched programs. */
export function stop(cli: Cli): Command {
  return cli
    .command({
      name: 'stop',
      summary: 'end launched programs for good, with all that they have started',
      examples: ['spoor stop researcher', 'spoor stop 3f1c9a --grace 1m'],
      json: `{"instances": []}
Ids of those that have ended.`,
    })
    .argument('<which>', 'the id of an instance, or the name of a definition for all of its instances')
    .addOption(
      durationOption('--grace <time>', 'between SIGTERM and SIGKILL; 10s unless given').default(10, '10s'),
    )
    .option('--all', 'whoever launched them, over the admin socket')
    .addOption(socketOption())
    .addOption(adminSocketOption())
    .addHelpText('after', '\nWithout --all: those that this user launched; root ends any of them.')
    .action(async (which: string, options: Options) => {
      const socket = await launchesSocket(options, cli);
      const graceMs = options.grace * 1_000;
      const answer = await withLaunches(socket, (daemon) =>
        daemon.call('Stop', { which, grace_ms: graceMs }, graceMs + MARGIN_MS),
      );
      cli.print(options, answer, () =>
        answer.instances.map((instance) => `${instance} has ended`).join('\n'),
      );
    });
}
