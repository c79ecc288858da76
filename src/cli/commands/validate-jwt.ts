import type { Command } from 'commander';
import type { ValidatedJwt } from '../../client/token-responses.js';
import { SpoorError } from '../../core/errors.js';
import { askAgent } from '../agent.js';
import type { Cli } from '../cli.js';
import { readInput } from '../input.js';
import { socketOption, type AgentOptions } from '../options.js';
import type { Paint } from '../paint.js';
import { plain } from '../plain.js';
import { indented, table } from '../table.js';

interface Options extends AgentOptions {
  readonly audience: string;
}

/** `spoor validate jwt`: whether a JWT-SVID holds for one audience, and what it says. */
export function validateJwt(cli: Cli): Command {
  return cli
    .command({
      name: 'jwt',
      summary: 'validate a JWT-SVID for one audience, and show its claims',
      examples: [
        'spoor validate jwt --audience api token.txt',
        'spoor fetch jwt --audience api --raw | spoor validate jwt --audience api -',
      ],
      json: '{"spiffe_id", "claims": {}}',
    })
    .argument('<file>', 'the token in a file, or - for standard input: arguments can be seen by other users')
    .requiredOption('--audience <name>', 'who is to accept the token')
    .addOption(socketOption())
    .action(async (file: string, options: Options) => {
      const token = (await readInput(cli, file)).trim();
      const valid = await judged(cli, options, token);
      const value = { spiffe_id: valid.id.toString(), claims: valid.claims };
      cli.print(options, value, (paint) => validText(valid, paint));
    });
}

async function judged(cli: Cli, options: Options, token: string): Promise<ValidatedJwt> {
  try {
    return await askAgent(cli, options, (agent, signal) =>
      agent.validateJwtSvid(token, options.audience, signal),
    );
  } catch (error) {
    // The one status for every fault of a call; of this call only the token can be at fault.
    if (!(error instanceof SpoorError) || error.code !== 'ARGUMENT_INVALID') throw error;
    throw new SpoorError('JWT_SVID_INVALID', error.message, { facts: error.facts, cause: error });
  }
}

function validText({ id, claims }: ValidatedJwt, paint: Paint): string {
  const rows = Object.entries(plain(claims)).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return `${paint.good('valid')}: ${paint.strong(id.toString())}\n${indented(table(rows))}`;
}
