import type { Command } from 'commander';
import type { AdminService, WireEntry } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import type { Connection } from '../connection.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { ENTRY_JSON, entriesText } from './entry-text.js';

const PAGE_SIZE = 5_000;

interface Options extends AdminOptions {
  readonly spiffeId?: string;
  readonly selector?: string;
}

/** `spoor entry list`: all entries, of files and of the store. */
export function entryList(cli: Cli): Command {
  return cli
    .command({
      name: 'list',
      summary: 'list the entries of files and store',
      examples: ['spoor entry list', 'spoor entry list --selector unix:uid:1000 --output json'],
      json: `{"entries": [ENTRY]}\nENTRY is ${ENTRY_JSON}`,
    })
    .option('--spiffe-id <id>', 'only entries with exactly this SPIFFE ID or template')
    .option('--selector <selector>', 'only entries that have this selector')
    .addOption(adminSocketOption())
    .action(async (options: Options) => {
      const entries = await withAdmin(cli, options, (admin) => allEntries(admin, options));
      cli.print(options, { entries }, (paint) => entriesText(entries, paint));
    });
}

async function allEntries(admin: Connection<AdminService>, filter: Options): Promise<readonly WireEntry[]> {
  const entries: WireEntry[] = [];
  let page = '';
  do {
    const answer = await admin.call('ListEntries', {
      page_size: PAGE_SIZE,
      page_token: page,
      spiffe_id: filter.spiffeId ?? '',
      selector: filter.selector ?? '',
    });
    entries.push(...answer.entries);
    page = answer.next_page_token;
  } while (page !== '');
  return entries;
}
