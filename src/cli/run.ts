import { CommanderError, type Command } from 'commander';
import { Cli } from './cli.js';
import { launch, LAUNCH_FAILURE } from './commands/launch.js';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import type { CliIo } from './io.js';
import { misuse } from './misuse.js';
import { report, type OutputFormat } from './report.js';

/**
 * Runs one command line.
 *
 * Takes:   `argv` — the arguments only, without interpreter and script.
 * Returns: the exit code. Never rejects: every error is reported here, once.
 */
export async function run(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const cli = new Cli(io);
  try {
    const program = await programFor(argv, cli);
    await program.parseAsync([...argv], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const code = failure(error, argv, io);
    // Whatever else it is: a program's own exit code it is not.
    return argv[0] === 'launch' ? LAUNCH_FAILURE : code;
  }
}

/** `spoor launch` stands before a program that somebody waits for: it loads no other command, and so no gRPC. */
async function programFor(argv: readonly string[], cli: Cli): Promise<Command> {
  if (argv[0] === 'launch') return cli.group({ name: 'spoor', summary: '', examples: [] }, [launch(cli)]);
  const { buildProgram } = await import('./program.js');
  return buildProgram(cli);
}

function failure(error: unknown, argv: readonly string[], io: CliIo): ExitCode {
  if (!(error instanceof CommanderError)) return report(error, formatOf(argv), io);
  // A group without its command has shown its help already.
  if (error.code === 'commander.help') return EXIT_CODES.caller;
  return report(misuse(error), formatOf(argv), io);
}

/** The format asked for, also when the command line could not be understood. */
function formatOf(all: readonly string[]): OutputFormat {
  const end = all.indexOf('--');
  const argv = end === -1 ? all : all.slice(0, end);
  const at = argv.indexOf('--output');
  return (at !== -1 && argv[at + 1] === 'json') || argv.includes('--output=json') ? 'json' : 'text';
}
