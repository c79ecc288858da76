import type { Command } from 'commander';
import type { BundleSummary } from '../../wire/admin.js';
import type { Cli } from '../cli.js';
import { withAdmin } from '../daemon-socket.js';
import { adminSocketOption, type AdminOptions } from '../options.js';
import type { Paint } from '../paint.js';
import { headedTable } from '../table.js';

/** `spoor bundle list`: the own bundle and those of federated trust domains. */
export function bundleList(cli: Cli): Command {
  return cli
    .command({
      name: 'list',
      summary: 'list the own bundle and those of federated trust domains',
      examples: ['spoor bundle list'],
      json: `{"bundles": [{"trust_domain", "source": "own"|"file"|"store", "sequence": "decimal, or empty",
 "refresh_hint_seconds", "x509_authorities", "jwt_authorities", "wit_authorities"}]}`,
    })
    .addOption(adminSocketOption())
    .action(async (options: AdminOptions) => {
      const answer = await withAdmin(cli, options, (admin) => admin.call('ListBundles', {}));
      cli.print(options, answer, (paint) => bundlesText(answer.bundles, paint));
    });
}

function bundlesText(bundles: readonly BundleSummary[], paint: Paint): string {
  const rows = bundles.map((bundle) => [
    bundle.source === 'own' ? paint.strong(bundle.trust_domain) : bundle.trust_domain,
    bundle.source,
    String(bundle.x509_authorities),
    String(bundle.jwt_authorities),
    String(bundle.wit_authorities),
    bundle.sequence || '-',
  ]);
  return headedTable(['trust domain', 'kept in', 'x509', 'jwt', 'wit', 'sequence'], rows, 'no bundles');
}
