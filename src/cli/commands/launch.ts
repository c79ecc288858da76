import type { Command } from 'commander';
import { Option } from 'commander';
import type { Cli, OutputOptions } from '../cli.js';
import { findSocket, orWherePassedOver, socketPath } from '../sockets.js';

interface Options extends OutputOptions {
  readonly detach?: boolean;
  readonly launchSocket?: string;
}

/** What `spoor launch` ends with when it is itself at fault, so that it is not taken for the program's. */
export const LAUNCH_FAILURE = 125;

const WORDS = `
The program is one that the operator has defined; the daemon measures and starts it, and it gets this command's standard
input, output and error. A terminal stays one. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT and changes of
the terminal's size are passed on. Ctrl-Z goes to the program, which stops at it only if it does job control itself.
With --detach, files are passed on, and /dev/null in place of a terminal, a pipe or a socket.

Root mode keeps programs apart by what the daemon measured and started, also against their own users.
In user mode: same-uid processes are not kept apart.

Exit codes: those of the program; 128 and the number of the signal that ended it; 125 when this command failed,
or when the daemon was restarted meanwhile and the status is lost.`;

/** `spoor launch`: runs a program that the operator has defined. */
export function launch(cli: Cli): Command {
  return cli
    .command({
      name: 'launch',
      summary: 'run a program as the operator has defined it, with an identity of its own',
      examples: [
        'spoor launch researcher',
        'spoor launch researcher -- spiders',
        'spoor launch --detach researcher --output json',
      ],
      json: `{"instance", "pid"}
Printed with --detach alone: without it, all output is the program's.`,
    })
    .argument('<name>', 'name of the launch definition')
    .argument('[args...]', 'arguments behind those of the definition, if it takes any')
    .option('--detach', 'print the id of the instance and leave it running')
    .addOption(launchSocketOption())
    .addHelpText('after', WORDS)
    .action(async (name: string, args: readonly string[], options: Options) => {
      await run(cli, name, args, options);
    });
}

async function run(cli: Cli, name: string, args: readonly string[], options: Options): Promise<void> {
  const found = await findSocket('launchSocket', options.launchSocket, cli.io.facts);
  // Loaded here: no other command needs it, and this one needs nothing else.
  const { launchAttached, launchDetached } = await import('../launch/launch-program.js');
  const socket = socketPath(found.address);
  const command = { socket, name, args, env: cli.io.facts.env, cwd: process.cwd() };
  if (options.detach !== true) {
    cli.endWith(await orWherePassedOver(found, launchAttached(command)));
    return;
  }
  const launched = await orWherePassedOver(found, launchDetached(command));
  cli.print(options, launched, () => launched.instance);
}

function launchSocketOption(): Option {
  return new Option(
    '--launch-socket <path>',
    'the launch socket (else SPOOR_LAUNCH_SOCKET, else beside SPIFFE_ENDPOINT_SOCKET, else the usual places)',
  );
}
