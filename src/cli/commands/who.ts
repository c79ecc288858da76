import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { needleOf } from '../needle.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import { plain } from '../plain.js';
import { recordText, type RecordLine } from './record-text.js';

/** `spoor who`: which process a document was issued to. */
export function who(cli: Cli): Command {
  return cli
    .command({
      name: 'who',
      summary: 'find the process that a certificate or token was issued to',
      examples: [
        'spoor who 0A:3F:9C:51:77:E0:12:8B',
        'spoor who ./svid.0.pem',
        'spoor who 6c0f3d1e-90b5-4b7e-9f0e-0d5a7a3f9f10 --output json',
      ],
      json: `{"needle", "lines": [{"at", "event": "attested"|"issued"|"refused", …}], "cut": true|false}
lines are those of the record, oldest first; cut says that there were more.`,
    })
    .argument('<needle>', 'serial or fingerprint in hex, jti, instance id, or a certificate or token file')
    .addOption(adminSocketOption())
    .action(async (given: string, options: AdminOptions) => {
      const needle = await needleOf(given);
      const answer = await withAdmin(cli, options, (admin) => admin.call('Who', { needle }));
      const lines = answer.lines.map((line) => JSON.parse(line) as RecordLine);
      if (lines.length === 0) throw unknown(needle);
      cli.print(options, { needle, lines, cut: answer.cut }, (paint) =>
        recordText(plain(lines), needle, answer.cut, cli.io.clock.now(), paint),
      );
    });
}

function unknown(needle: string): SpoorError {
  return new SpoorError('ARGUMENT_INVALID', 'the record has nothing by that name', { facts: { needle } });
}
