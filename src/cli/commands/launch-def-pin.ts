import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import { pinPackage, type InstallDeps } from '../../launch/pin/install.js';
import { parsePackageCommand } from '../../launch/pin/package-spec.js';
import type { Pin } from '../../launch/pin/pin.js';
import type { Cli } from '../cli.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { table } from '../table.js';

/** What pinning asks the daemon for a definition. */
export interface PinnableDefinition {
  readonly command: readonly string[];
  /** The daemon's folder of packages. */
  readonly packages: string;
}

interface Options extends AdminOptions {
  readonly packages?: string;
}

const JSON_SHAPE = `{"registry": "npm"|"pypi", "name", "version", "command": [], "script": {"path", "sha256"},
 "lock": {"path", "sha256"}, "pinned_at", "folder", "installed": true|false}
A Python package has no "lock"; "installed" is false when the same version was pinned already.`;

/**
 * `spoor launch-def pin`: installs the package that a definition runs by npx or uvx, as the operator.
 *
 * Takes: `ask`, which gets a definition from the daemon.
 */
export function launchDefPin(
  cli: Cli,
  ask: (options: AdminOptions, name: string) => Promise<PinnableDefinition>,
): Command {
  return cli
    .command({
      name: 'pin',
      summary: 'install the package of a definition that says npx or uvx, and record its digests',
      examples: [
        'spoor launch-def pin researcher',
        'spoor launch-def pin researcher --packages /opt/spoor/packages',
      ],
      json: JSON_SHAPE,
    })
    .argument('<name>', 'name of the definition')
    .option('--packages <folder>', "where packages are installed (else the daemon's folder for them)")
    .addOption(adminSocketOption())
    .action(async (name: string, options: Options) => {
      const { command, packages } = await ask(options, name);
      const parsed = parsePackageCommand(command);
      if (parsed === undefined) throw notAPackage(name, command);
      const folder = options.packages ?? packages;
      const { pin, isNew } = await pinPackage(folder, parsed.spec, installDeps(cli));
      cli.print(options, { ...pin, folder, installed: isNew }, () => pinText(pin, isNew));
    });
}

function installDeps({ io }: Cli): InstallDeps {
  return { clock: io.clock, env: io.facts.env, locate: (name) => locate(name, io.facts.env.PATH ?? '') };
}

async function locate(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((folder) => folder.startsWith('/'))) {
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder: the next one may have it.
    }
  }
  return undefined;
}

function notAPackage(name: string, command: readonly string[]): SpoorError {
  const found = JSON.stringify(command[0] ?? '');
  return new SpoorError(
    'ARGUMENT_INVALID',
    `the definition ${name} runs ${found}, and only npx and uvx are pinned`,
  );
}

function pinText({ name, version, command, script, lock }: Pin, isNew: boolean): string {
  const rows = [
    ['  command', command.join(' ')],
    ['  script sha256', script.sha256],
    ...(lock === undefined ? [] : [['  lock sha256', lock.sha256]]),
  ];
  return `${isNew ? 'pinned' : 'already pinned'} ${name} ${version}\n${table(rows)}`;
}
