import type { Command } from 'commander';
import type { WireLaunch } from '../../wire/launches.js';
import type { Cli } from '../cli.js';
import { withLaunches } from '../daemon-socket.js';
import { launchesSocket, type LaunchesOptions } from '../launches-socket.js';
import { adminSocketOption, socketOption } from '../options.js';
import type { Paint } from '../paint.js';
import { plain } from '../plain.js';
import { span } from '../since.js';
import { headedTable } from '../table.js';

const HEADING = ['instance', 'name', 'pid', 'uid', 'program', 'age', 'detached', 'restarts', 'notes'];

/** `spoor instances`: which launched programs run. */
export function instances(cli: Cli): Command {
  return cli
    .command({
      name: 'instances',
      summary: 'list the launched programs that run',
      examples: ['spoor instances', 'spoor instances --all --output json'],
      json: `{"launches": [{"instance", "name", "pid", "uid", "launched_by", "detached": true|false, "started_at",
 "executable", "script", "restarts", "notes": []}], "total"}`,
    })
    .option('--all', 'those of all users, over the admin socket')
    .addOption(socketOption())
    .addOption(adminSocketOption())
    .addHelpText('after', '\nWithout --all: those that this user launched; root sees all of them.')
    .action(async (options: LaunchesOptions) => {
      const socket = await launchesSocket(options, cli);
      const answer = await withLaunches(socket, (daemon) => daemon.call('List', {}));
      cli.print(options, answer, (paint) => {
        const more = answer.total - answer.launches.length;
        const rows = plain(answer.launches).map((row) => rowOf(row, cli.io.clock.now(), paint));
        const listed = headedTable(HEADING, rows, 'no launched programs run');
        return more > 0 ? `${listed}\nand ${more} more` : listed;
      });
    });
}

function rowOf(launch: WireLaunch, now: Date, paint: Paint): string[] {
  const age = span((now.getTime() - Date.parse(launch.started_at)) / 1_000);
  return [
    launch.instance,
    launch.name,
    String(launch.pid),
    String(launch.uid),
    launch.script || launch.executable,
    age,
    launch.detached ? 'yes' : 'no',
    String(launch.restarts),
    launch.notes.length === 0 ? '-' : paint.warning(launch.notes.join('; ')),
  ];
}
