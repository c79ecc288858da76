import type { Command } from 'commander';
import type { ImportEntriesResponse } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { readInput } from '../input.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import type { Paint } from '../paint.js';
import { table } from '../table.js';

/** `spoor entry import`: the entries of a SPIRE server into the store. */
export function entryImport(cli: Cli): Command {
  return cli
    .command({
      name: 'import',
      summary: 'import what `spire-server entry show -output json` prints',
      examples: [
        'spoor entry import entries.json',
        'spire-server entry show -output json | spoor entry import -',
      ],
      json: '{"added": ["id"], "unchanged": ["id"], "skipped": [{"id", "reason"}]}',
    })
    .argument('<file>', 'the file, or - for standard input')
    .addOption(adminSocketOption())
    .action(async (file: string, options: AdminOptions) => {
      const text = await readInput(cli, file);
      const result = await withAdmin(cli, options, (admin) =>
        admin.call('ImportEntries', { spire_json: text }),
      );
      cli.print(options, result, (paint) => importText(result, paint));
    });
}

function importText({ added, unchanged, skipped }: ImportEntriesResponse, paint: Paint): string {
  const counts = `${added.length} added, ${unchanged.length} unchanged, ${skipped.length} skipped`;
  if (skipped.length === 0) return counts;
  return `${counts}\n${table(skipped.map(({ id, reason }) => [`  ${paint.warning(id)}`, reason]))}`;
}
