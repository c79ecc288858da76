import { Option, type Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import { LIMIT_NAMES } from '../../launch/definitions/definition.js';
import type { WireLaunchDefinitionDraft, WireLaunchSecret } from '../../wire/launch-definitions.js';
import { listOption, repeatedOption } from '../options.js';

/** The fields of a launch definition as options: what was not given is undefined. */
export interface DefinitionFieldOptions {
  readonly callerArgs?: string;
  readonly cwd?: string;
  readonly envPass?: readonly string[];
  readonly envSet?: readonly string[];
  readonly envDangerous?: readonly string[];
  readonly secret?: readonly string[];
  readonly credential?: readonly string[];
  readonly mayLaunchUser?: readonly string[];
  readonly mayLaunchGroup?: readonly string[];
  readonly mayLaunchSpiffeId?: readonly string[];
  readonly runAs?: string;
  readonly limit?: readonly string[];
  readonly restart?: string;
}

/** Adds an option for every field of a definition but its name and its command. */
export function withDefinitionFields(command: Command): Command {
  return command
    .addOption(
      new Option('--caller-args <how>', 'whether whoever launches may add arguments').choices([
        'none',
        'append',
      ]),
    )
    .option('--cwd <folder>', "an absolute path, or caller for the launcher's own; else the user's home")
    .addOption(listOption('--env-pass <name>', 'variable that is taken over from whoever launches'))
    .addOption(repeatedOption('--env-set <name=value>', 'variable that is set'))
    .addOption(listOption('--env-dangerous <name>', 'one of these that could inject code, and is meant'))
    .addOption(repeatedOption('--secret <name=file>', 'file that the program finds as a secret'))
    .addOption(
      repeatedOption('--credential <name=credential>', "the same of a credential of the daemon's unit"),
    )
    .addOption(listOption('--may-launch-user <user>', 'who may launch it, by name or number'))
    .addOption(listOption('--may-launch-group <group>', 'whose members may launch it, by name or number'))
    .addOption(listOption('--may-launch-spiffe-id <id>', 'which launched instances may launch it'))
    .option('--run-as <user>', 'as whom it runs, by name or number; else as whoever launches')
    .addOption(repeatedOption('--limit <name=value>', `limit: ${LIMIT_NAMES.join(', ')}; or infinity`))
    .addOption(
      new Option('--restart <when>', 'when it is started again, if it is detached').choices([
        'never',
        'on-failure',
        'always',
      ]),
    );
}

/** Whether any of these fields was given. */
export function hasDefinitionFields(options: DefinitionFieldOptions): boolean {
  const { callerArgs, cwd, envPass, envSet, envDangerous, secret, credential, ...others } = options;
  const { mayLaunchUser, mayLaunchGroup, mayLaunchSpiffeId, runAs, limit, restart } = others;
  return [
    ...[callerArgs, cwd, envPass, envSet, envDangerous, secret, credential],
    ...[mayLaunchUser, mayLaunchGroup, mayLaunchSpiffeId, runAs, limit, restart],
  ].some((field) => field !== undefined);
}

/** Errors: ARGUMENT_INVALID where a pair has no `=` or a name comes twice; the daemon checks the rest. */
export function definitionDraft(
  name: string,
  command: readonly string[],
  options: DefinitionFieldOptions,
): WireLaunchDefinitionDraft {
  return {
    name,
    command,
    args: [],
    caller_args: options.callerArgs ?? '',
    cwd: options.cwd ?? '',
    env: {
      pass: options.envPass ?? [],
      set: recordOf('--env-set', options.envSet),
      dangerous: options.envDangerous ?? [],
    },
    secrets: secretsOf(options),
    may_launch: {
      users: options.mayLaunchUser ?? [],
      groups: options.mayLaunchGroup ?? [],
      spiffe_ids: options.mayLaunchSpiffeId ?? [],
    },
    run_as: options.runAs ?? '',
    limits: recordOf('--limit', options.limit),
    restart: options.restart ?? '',
  };
}

function secretsOf({ secret, credential }: DefinitionFieldOptions): readonly WireLaunchSecret[] {
  return [
    ...pairsOf('--secret', secret).map(([name, file]) => ({ name, file, credential: '' })),
    ...pairsOf('--credential', credential).map(([name, from]) => ({ name, file: '', credential: from })),
  ];
}

function recordOf(flag: string, given: readonly string[] | undefined): Readonly<Record<string, string>> {
  const pairs = pairsOf(flag, given);
  const twice = pairs.find(([name], at) => pairs.findIndex(([other]) => other === name) !== at);
  if (twice === undefined) return Object.fromEntries(pairs);
  throw new SpoorError('ARGUMENT_INVALID', `${flag} ${twice[0]} is given twice`);
}

function pairsOf(flag: string, given: readonly string[] = []): readonly (readonly [string, string])[] {
  return given.map((text) => {
    const end = text.indexOf('=');
    if (end > 0) return [text.slice(0, end), text.slice(end + 1)];
    throw new SpoorError('ARGUMENT_INVALID', `${flag} takes NAME=VALUE`, {
      facts: { found: text.slice(0, 80) },
    });
  });
}
