import { Command, CommanderError } from 'commander';
import { loadConfig, type Flags } from '../daemon/config.js';
import { runDaemon } from '../daemon/run.js';
import { withDaemonFlags } from './daemon-flags.js';
import type { ExitCode } from './exit-code.js';
import { misuse } from './misuse.js';
import { endQuietlyWithReader, processIo } from './process-io.js';
import { report } from './report.js';
import { packageVersion } from './version.js';

/** Whatever the daemon makes is for its own user, unless it is given a mode of its own. */
const UMASK = 0o077;

/**
 * Runs `spoord` with these arguments until SIGINT or SIGTERM.
 *
 * Returns: the exit code. Never rejects: an error is reported here, once.
 */
export async function spoord(argv: readonly string[]): Promise<ExitCode> {
  process.umask(UMASK);
  // On standard output there is only `--help` and `--version`.
  endQuietlyWithReader(process.stdout);
  const io = processIo();
  try {
    const flags = program()
      .parse([...argv], { from: 'user' })
      .opts<Flags>();
    await runDaemon(loadConfig(flags, io.facts), packageVersion(), io.interrupted());
    return 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, 'text', io);
    if (error.exitCode === 0) return 0;
    return report(misuse(error), 'text', io);
  }
}

/** The flags; each overrides the setting of its name. */
export function program(): Command {
  const command = new Command('spoord')
    .description('the Spoor daemon: attests the processes of this machine and serves them SVIDs')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', '\nExample:\n  spoord --trust-domain example.org')
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  return withDaemonFlags(command);
}
