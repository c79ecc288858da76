import { CommanderError } from 'commander';
import { Cli } from './cli.js';
import { EXIT_CODES, type ExitCode } from './exit-code.js';
import type { CliIo } from './io.js';
import { misuse } from './misuse.js';
import { buildProgram } from './program.js';
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
    await buildProgram(cli).parseAsync([...argv], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, formatOf(argv), io);
    if (error.exitCode === 0) return 0;
    // A group without its command has shown its help already.
    if (error.code === 'commander.help') return EXIT_CODES.caller;
    return report(misuse(error), formatOf(argv), io);
  }
}

/** The format asked for, also when the command line could not be understood. */
function formatOf(argv: readonly string[]): OutputFormat {
  const at = argv.indexOf('--output');
  return (at !== -1 && argv[at + 1] === 'json') || argv.includes('--output=json') ? 'json' : 'text';
}
