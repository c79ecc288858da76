import { Option, type Command } from 'commander';

/** The flags of `spoord`; each overrides the setting of its name. `spoor check` takes the same. */
export function withDaemonFlags(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'the settings file (else /etc/spoor/spoor.yaml, or ~/.config/spoor/spoor.yaml)',
    )
    .option('--trust-domain <name>', 'the trust domain; enough to start with')
    .addOption(
      new Option('--mode <mode>', 'root defends against hostile processes, user cannot').choices([
        'root',
        'user',
      ]),
    )
    .option('--state <folder>', 'keys, database and record')
    .option('--socket <path>', 'the socket of the Workload API')
    .option('--admin-socket <path>', 'the socket of the admin API')
    .option('--launch-socket <path>', 'the socket of `spoor launch`')
    .option('--entries <folder>', 'entry files, watched')
    .option('--bundles <folder>', 'bundles of other trust domains, watched')
    .option('--launch <folder>', 'launch definitions, watched')
    .option('--http <address>', 'IP:PORT of /live, /ready and /metrics')
    .addOption(
      new Option('--log-level <level>', 'least level that is logged').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    );
}
