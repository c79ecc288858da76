import type { Command } from 'commander';
import type { JwtSvid } from '../../spiffe/jwt-svid.js';
import { SpiffeId } from '../../spiffe/spiffe-id.js';
import { askAgent, waitOption, type WaitOptions } from '../agent.js';
import type { Cli } from '../cli.js';
import { listOption, socketOption } from '../options.js';
import { tokensText, type ShownToken } from './token-text.js';

interface Options extends WaitOptions {
  readonly audience: readonly string[];
  readonly spiffeId?: string;
  readonly raw?: boolean;
  readonly write?: string;
}

/** `spoor fetch jwt`: JWT-SVIDs of this very process. */
export function fetchJwt(cli: Cli): Command {
  return cli
    .command({
      name: 'jwt',
      summary: 'fetch JWT-SVIDs for an audience',
      examples: [
        'spoor fetch jwt --audience spiffe://example.org/api',
        'curl -H "authorization: Bearer $(spoor fetch jwt --audience api --raw)" http://localhost:8080/',
      ],
      json: `{"svids": [{"spiffe_id", "hint", "audience": [], "expires_at", "token"}], "files": ["path"]}
The first is the default identity.`,
    })
    .addOption(listOption('--audience <name>', 'who shall accept the token').makeOptionMandatory())
    .option('--spiffe-id <id>', 'only this identity')
    .option('--raw', 'print nothing but the token of the default identity')
    .option('--write <dir>', 'write jwt_svid.N.token (0600)')
    .addOption(waitOption())
    .addOption(socketOption())
    .action(async (options: Options) => {
      const spiffeId = options.spiffeId === undefined ? {} : { spiffeId: SpiffeId.parse(options.spiffeId) };
      const request = { audience: options.audience, ...spiffeId };
      const svids = await askAgent(cli, options, (agent, signal) => agent.fetchJwtSvid(request, signal));
      const files = await written(svids, options.write);
      if (options.raw === true) return cli.io.out.write(`${svids[0]?.token}\n`);
      const shown = svids.map(shownJwt);
      cli.print(options, { svids: shown, files }, (paint) =>
        tokensText(shown, files, cli.io.clock.now(), paint),
      );
    });
}

function shownJwt({ id, hint, audience, expiresAt, token }: JwtSvid): ShownToken {
  return { spiffe_id: id.toString(), hint, audience, expires_at: expiresAt.toISOString(), token };
}

async function written(svids: readonly JwtSvid[], folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined) return [];
  const { writeJwtFiles } = await import('../svid-files.js');
  return await writeJwtFiles(folder, svids);
}
