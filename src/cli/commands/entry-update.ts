import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import type { WireEntryDraft } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, listOption, type AdminOptions } from '../options.js';
import { EMPTY_DRAFT, givenFields, withEntryFields, type EntryFieldOptions } from './entry-fields.js';
import { ENTRY_JSON, entryText } from './entry-text.js';

interface Options extends AdminOptions, EntryFieldOptions {
  readonly clear?: readonly string[];
}

const CLEARABLE = [
  'x509_svid_ttl_seconds',
  'jwt_svid_ttl_seconds',
  'wit_svid_ttl_seconds',
  'dns_names',
  'hint',
  'federates_with',
  'expires_at',
  'descendants',
] as const satisfies readonly (keyof WireEntryDraft)[];

/** `spoor entry update`: changes what is named, and leaves the rest. */
export function entryUpdate(cli: Cli): Command {
  const command = cli.command({
    name: 'update',
    summary: 'change fields of an entry of the store',
    examples: [
      'spoor entry update web --selector unix:uid:1000 --selector unix:gid:1000',
      'spoor entry update web --x509-svid-ttl 30m --clear hint,expires_at',
    ],
    json: ENTRY_JSON,
  });
  return withEntryFields(command.argument('<id>', 'id of the entry'))
    .addOption(listOption('--clear <field>', `field to empty: ${CLEARABLE.join(', ')}`))
    .addOption(adminSocketOption())
    .action(async (id: string, options: Options) => {
      const entry = await withAdmin(cli, options, (admin) =>
        admin.call('UpdateEntry', changesOf(id, options)),
      );
      cli.print(options, entry, (paint) => entryText(entry, cli.io.clock.now(), paint));
    });
}

function changesOf(
  id: string,
  options: Options,
): { id: string; entry: WireEntryDraft; fields: readonly string[] } {
  const given = givenFields(options);
  const cleared = (options.clear ?? []).map(clearable);
  const both = cleared.find((field) => field in given);
  if (both !== undefined) throw new SpoorError('ARGUMENT_INVALID', `${both} is both given and cleared`);
  const fields = [...Object.keys(given), ...cleared];
  if (fields.length === 0) throw new SpoorError('ARGUMENT_INVALID', 'nothing to change: no field was given');
  return { id, entry: { ...EMPTY_DRAFT, ...given }, fields };
}

function clearable(field: string): string {
  if ((CLEARABLE as readonly string[]).includes(field)) return field;
  throw new SpoorError('ARGUMENT_INVALID', '--clear names no field that can be empty', {
    facts: { found: field, allowed: CLEARABLE.join(',') },
  });
}
