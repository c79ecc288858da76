import { Option, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';

interface Options extends AdminOptions {
  readonly format: 'spiffe' | 'pem';
}

/** `spoor bundle show`: a bundle as others can read it. */
export function bundleShow(cli: Cli): Command {
  return cli
    .command({
      name: 'show',
      summary: 'print a bundle: the own one, or that of a federated trust domain',
      examples: ['spoor bundle show > example.org.json', 'spoor bundle show partner.example --format pem'],
      json: '{"trust_domain", "format": "spiffe"|"pem", "document": "the bundle as text"}',
    })
    .argument('[trust-domain]', "the daemon's own unless given")
    .addOption(
      new Option('--format <format>', 'a SPIFFE bundle document, or the X.509 authorities as PEM')
        .choices(['spiffe', 'pem'])
        .default('spiffe'),
    )
    .addOption(adminSocketOption())
    .action(async (trustDomain: string | undefined, options: Options) => {
      const request = { trust_domain: trustDomain ?? '', format: options.format };
      const bundle = await withAdmin(cli, options, (admin) => admin.call('GetBundle', request));
      cli.print(options, bundle, () => bundle.document);
    });
}
