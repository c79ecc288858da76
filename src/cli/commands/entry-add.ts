import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import type { WireEntryDraft } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { EMPTY_DRAFT, givenFields, withEntryFields, type EntryFieldOptions } from './entry-fields.js';
import { ENTRY_JSON, entryText } from './entry-text.js';

interface Options extends AdminOptions, EntryFieldOptions {
  readonly id?: string;
}

/** `spoor entry add`: an entry into the daemon's store. */
export function entryAdd(cli: Cli): Command {
  const command = cli.command({
    name: 'add',
    summary: 'add an entry to the store',
    examples: [
      'spoor entry add --id web --spiffe-id spiffe://example.org/web --selector unix:uid:1000',
      'spoor entry add --spiffe-id "spiffe://example.org/agent/{unix.user}" --selector unix:gid:2000 --x509-svid-ttl 1h',
    ],
    json: ENTRY_JSON,
  });
  return withEntryFields(command.option('--id <id>', 'a name for the entry; a random one unless given'))
    .addOption(adminSocketOption())
    .action(async (options: Options) => {
      const draft = draftOf(options);
      const entry = await withAdmin(cli, options, (admin) => admin.call('AddEntry', { entry: draft }));
      cli.print(options, entry, (paint) => entryText(entry, cli.io.clock.now(), paint));
    });
}

function draftOf(options: Options): WireEntryDraft {
  const draft = { ...EMPTY_DRAFT, ...givenFields(options), id: options.id ?? '' };
  if (draft.spiffe_id !== '' && draft.selectors.length > 0) return draft;
  throw new SpoorError('ARGUMENT_INVALID', 'an entry needs --spiffe-id and at least one --selector');
}
