import { Option, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { readInput } from '../input.js';
import { adminSocketOption, type AdminOptions } from '../options.js';

interface Options extends AdminOptions {
  readonly format?: 'spiffe' | 'pem';
}

/** `spoor bundle set`: the bundle of a federated trust domain into the store. */
export function bundleSet(cli: Cli): Command {
  return cli
    .command({
      name: 'set',
      summary: 'store the bundle of another trust domain; it replaces the one that was stored before',
      examples: [
        'spoor bundle set partner.example partner.json',
        'curl -s https://partner.example/bundle | spoor bundle set partner.example -',
      ],
      json: '{"trust_domain", "format": "spiffe"|"pem"}',
    })
    .argument('<trust-domain>', 'name of the trust domain')
    .argument('<file>', 'the bundle, or - for standard input')
    .addOption(new Option('--format <format>', 'told from the text unless given').choices(['spiffe', 'pem']))
    .addOption(adminSocketOption())
    .action(async (trustDomain: string, file: string, options: Options) => {
      const document = await readInput(cli, file);
      const format = options.format ?? (document.includes('-----BEGIN ') ? 'pem' : 'spiffe');
      const request = { trust_domain: trustDomain, format, document };
      await withAdmin(cli, options, (admin) => admin.call('SetBundle', request));
      cli.print(options, { trust_domain: trustDomain, format }, () => `stored the bundle of ${trustDomain}`);
    });
}
