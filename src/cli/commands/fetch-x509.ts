import type { Command } from 'commander';
import type { X509Context } from '../../client/x509-responses.js';
import { SpoorError } from '../../core/errors.js';
import { askAgent, first, waitOption, type WaitOptions } from '../agent.js';
import type { Cli } from '../cli.js';
import { socketOption } from '../options.js';
import { X509_JSON } from './x509-shape.js';

interface Options extends WaitOptions {
  readonly write?: string;
  readonly pkcs12?: string;
  readonly passwordFile?: string;
}

/** `spoor fetch x509`: the X509-SVIDs of this very process, shown or written. */
export function fetchX509(cli: Cli): Command {
  return cli
    .command({
      name: 'x509',
      summary: 'fetch X509-SVIDs and the bundles to judge others by',
      examples: [
        'spoor fetch x509',
        'spoor fetch x509 --write ./svid --wait 30s',
        'spoor fetch x509 --pkcs12 svid.p12 --password-file password.txt',
      ],
      json: X509_JSON,
    })
    .option('--write <dir>', 'write svid.N.pem, svid.N.key (0600), bundle.pem and bundle.<trust domain>.pem')
    .option('--pkcs12 <file>', 'write the default identity and its bundle as a PKCS#12 keystore (0600)')
    .option(
      '--password-file <file>',
      'holds the password of the keystore in its first line; ASCII if Java is to read it',
    )
    .addOption(waitOption())
    .addOption(socketOption())
    .action(async (options: Options) => {
      const password = await passwordOf(options);
      const context = await askAgent(cli, options, (agent, signal) =>
        first(agent.fetchX509Svid(signal), signal),
      );
      const files = await written(context, options, password);
      const { x509Json, x509Text } = await import('../x509-text.js');
      cli.print(options, x509Json(context, files), (paint) =>
        x509Text(context, files, cli.io.clock.now(), paint),
      );
    });
}

async function passwordOf({ pkcs12, passwordFile }: Options): Promise<string | undefined> {
  if (pkcs12 === undefined && passwordFile === undefined) return undefined;
  if (pkcs12 === undefined || passwordFile === undefined) {
    throw new SpoorError('ARGUMENT_INVALID', '--pkcs12 and --password-file go together');
  }
  const { readPassword } = await import('../password.js');
  return await readPassword(passwordFile);
}

async function written(context: X509Context, options: Options, password = ''): Promise<readonly string[]> {
  const files: string[] = [];
  if (options.write !== undefined) {
    const { writeX509Files } = await import('../svid-files.js');
    files.push(...(await writeX509Files(options.write, context)));
  }
  if (options.pkcs12 !== undefined) {
    const { writeKeystore } = await import('../keystore.js');
    files.push(await writeKeystore(options.pkcs12, context, password));
  }
  return files;
}
