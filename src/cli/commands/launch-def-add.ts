import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import type { AddLaunchDefinitionRequest } from '../../wire/launch-definitions.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { readInput } from '../input.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import {
  definitionDraft,
  hasDefinitionFields,
  withDefinitionFields,
  type DefinitionFieldOptions,
} from './launch-def-fields.js';
import { DEFINITION_JSON, definitionText } from './launch-def-text.js';

interface Options extends AdminOptions, DefinitionFieldOptions {
  readonly file?: string;
}

/** `spoor launch-def add`: a launch definition into the daemon's store. */
export function launchDefAdd(cli: Cli): Command {
  const command = cli
    .command({
      name: 'add',
      summary: 'add a launch definition to the store, from options or from a file',
      examples: [
        'spoor launch-def add researcher --may-launch-user alice -- /usr/bin/node /opt/agents/researcher.mjs',
        'spoor launch-def add git --may-launch-group agents --env-pass LANG,TERM -- uvx mcp-server-git==2025.1.14',
        'spoor launch-def add --file researcher.yaml',
      ],
      json: DEFINITION_JSON,
    })
    .argument('[name]', 'name of the definition')
    .argument('[command...]', 'the program by its absolute path, and its arguments, behind --')
    .option('--file <file>', 'one item as files of definitions have it, or - for standard input');
  return withDefinitionFields(command)
    .addOption(adminSocketOption())
    .action(async (name: string | undefined, words: readonly string[], options: Options) => {
      const request = await requestOf(cli, name, words, options);
      const definition = await withAdmin(cli, options, (admin) => admin.call('AddLaunchDefinition', request));
      cli.print(options, definition, (paint) => definitionText(definition, paint));
    });
}

async function requestOf(
  cli: Cli,
  name: string | undefined,
  words: readonly string[],
  options: Options,
): Promise<AddLaunchDefinitionRequest> {
  if (options.file !== undefined) {
    if (name === undefined && !hasDefinitionFields(options)) {
      return { definition: null, yaml: await readInput(cli, options.file) };
    }
    throw new SpoorError('ARGUMENT_INVALID', 'beside --file nothing else of the definition can be given');
  }
  if (name !== undefined && words.length > 0) {
    return { definition: definitionDraft(name, words, options), yaml: '' };
  }
  throw new SpoorError('ARGUMENT_INVALID', 'a launch definition needs a name and a command, or --file');
}
