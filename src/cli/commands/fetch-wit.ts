import type { Command } from 'commander';
import type { HeldWitSvid } from '../../client/token-responses.js';
import { SpiffeId } from '../../spiffe/spiffe-id.js';
import { askAgent, first, waitOption, type WaitOptions } from '../agent.js';
import type { Cli } from '../cli.js';
import { socketOption } from '../options.js';
import { tokensText, type ShownToken } from './token-text.js';

interface Options extends WaitOptions {
  readonly spiffeId?: string;
  readonly raw?: boolean;
  readonly write?: string;
}

/** `spoor fetch wit`: WIT-SVIDs of this very process. */
export function fetchWit(cli: Cli): Command {
  return cli
    .command({
      name: 'wit',
      summary: 'fetch WIT-SVIDs, with their keys when written',
      examples: ['spoor fetch wit', 'spoor fetch wit --write ./svid'],
      json: `{"svids": [{"spiffe_id", "hint", "expires_at", "token"}], "files": ["path"]}
The first is the default identity. Private keys are only ever written to files.`,
    })
    .option('--spiffe-id <id>', 'only this identity')
    .option('--raw', 'print nothing but the token of the default identity')
    .option('--write <dir>', 'write wit_svid.N.token and wit_svid.N.jwk, the private key (both 0600)')
    .addOption(waitOption())
    .addOption(socketOption())
    .action(async (options: Options) => {
      const request = options.spiffeId === undefined ? {} : { spiffeId: SpiffeId.parse(options.spiffeId) };
      const held = await askAgent(cli, options, (agent, signal) =>
        first(agent.fetchWitSvid(request, signal), signal),
      );
      const files = await written(held, options.write);
      if (options.raw === true) return cli.io.out.write(`${held[0]?.svid.token}\n`);
      const shown = held.map(shownWit);
      cli.print(options, { svids: shown, files }, (paint) =>
        tokensText(shown, files, cli.io.clock.now(), paint),
      );
    });
}

function shownWit({ svid: { id, hint, expiresAt, token } }: HeldWitSvid): ShownToken {
  return { spiffe_id: id.toString(), hint, expires_at: expiresAt.toISOString(), token };
}

async function written(held: readonly HeldWitSvid[], folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined) return [];
  const { writeWitFiles } = await import('../svid-files.js');
  return await writeWitFiles(folder, held);
}
