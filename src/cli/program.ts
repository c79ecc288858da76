import type { Command } from 'commander';
import type { Cli } from './cli.js';
import { authority } from './commands/authority.js';
import { bundle } from './commands/bundle.js';
import { check } from './commands/check.js';
import { completion } from './commands/completion.js';
import { demo } from './commands/demo.js';
import { entry } from './commands/entry.js';
import { errors } from './commands/errors.js';
import { explain } from './commands/explain.js';
import { fetch } from './commands/fetch.js';
import { launchDef } from './commands/launch-def.js';
import { instances } from './commands/instances.js';
import { launch } from './commands/launch.js';
import { status } from './commands/status.js';
import { stop } from './commands/stop.js';
import { validate } from './commands/validate.js';
import { watch } from './commands/watch.js';
import { who } from './commands/who.js';
import { packageVersion } from './version.js';

/** The whole command line, built anew for each invocation. */
export function buildProgram(cli: Cli): Command {
  const program = cli.group(
    {
      name: 'spoor',
      summary: 'Ask for SVIDs, see who has which, and look after the spoord daemon of this machine.',
      examples: ['spoor demo', 'spoor fetch x509 --write ./svid', 'spoor explain 4242', 'spoor status'],
    },
    [
      fetch(cli),
      watch(cli),
      validate(cli),
      explain(cli),
      who(cli),
      launch(cli),
      instances(cli),
      stop(cli),
      entry(cli),
      launchDef(cli),
      authority(cli),
      bundle(cli),
      status(cli),
      check(cli),
      errors(cli),
      demo(cli),
      completion(cli),
    ],
  );
  return program
    .version(packageVersion(), '-V, --version', 'print the version')
    .addHelpText(
      'after',
      '\nExit codes: 0 done; 1 a fault of Spoor; 2 the command line; 3 an operator must act;\n4 this workload has no identity; 5 wait and try again.',
    );
}
