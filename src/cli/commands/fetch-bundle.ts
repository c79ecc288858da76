import type { Command } from 'commander';
import type { Bundle } from '../../spiffe/bundle.js';
import { askAgent, waitOption, type WaitOptions } from '../agent.js';
import type { Cli } from '../cli.js';
import { socketOption } from '../options.js';
import { headedTable } from '../table.js';

interface Options extends WaitOptions {
  readonly write?: string;
}

/** `spoor fetch bundle`: by what this workload may judge others. */
export function fetchBundle(cli: Cli): Command {
  return cli
    .command({
      name: 'bundle',
      summary: 'fetch the bundles of every trust domain that this workload may trust',
      examples: ['spoor fetch bundle', 'spoor fetch bundle --write ./trust'],
      json: `{"bundles": [{"trust_domain", "document": the SPIFFE bundle document}], "files": ["path"]}`,
    })
    .option('--write <dir>', 'write bundle.<trust domain>.json, and its X.509 authorities as .pem')
    .addOption(waitOption())
    .addOption(socketOption())
    .action(async (options: Options) => {
      const { allBundles } = await import('../all-bundles.js');
      const bundles = await askAgent(cli, options, allBundles);
      const files = await written(bundles, options.write);
      const { writeBundleDocument } = await import('../../spiffe/bundle-document.js');
      const shown = bundles.map((bundle) => ({
        trust_domain: bundle.trustDomain.name,
        document: JSON.parse(writeBundleDocument(bundle)) as unknown,
      }));
      cli.print(options, { bundles: shown, files }, () => bundlesText(bundles, files));
    });
}

function bundlesText(bundles: readonly Bundle[], files: readonly string[]): string {
  const rows = bundles.map((bundle) => [
    bundle.trustDomain.name,
    String(bundle.x509Authorities.length),
    String(bundle.jwtAuthorities.size),
    String(bundle.witAuthorities.size),
  ]);
  const shown = headedTable(['trust domain', 'x509', 'jwt', 'wit'], rows, 'no bundles');
  return [shown, ...files.map((file) => `wrote ${file}`)].join('\n');
}

async function written(bundles: readonly Bundle[], folder: string | undefined): Promise<readonly string[]> {
  if (folder === undefined) return [];
  const { writeBundleFiles } = await import('../svid-files.js');
  return await writeBundleFiles(folder, bundles);
}
