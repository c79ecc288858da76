import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';

/** `spoor bundle delete`: the bundle of a federated trust domain out of the store. */
export function bundleDelete(cli: Cli): Command {
  return cli
    .command({
      name: 'delete',
      summary: 'delete a stored bundle; workloads stop trusting that trust domain at once',
      examples: ['spoor bundle delete partner.example'],
      json: '{"deleted": "partner.example"}',
    })
    .argument('<trust-domain>', 'name of the trust domain')
    .addOption(adminSocketOption())
    .action(async (trustDomain: string, options: AdminOptions) => {
      await withAdmin(cli, options, (admin) => admin.call('DeleteBundle', { trust_domain: trustDomain }));
      cli.print(options, { deleted: trustDomain }, () => `deleted the bundle of ${trustDomain}`);
    });
}
