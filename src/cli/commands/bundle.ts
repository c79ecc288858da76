import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { bundleDelete } from './bundle-delete.js';
import { bundleList } from './bundle-list.js';
import { bundleSet } from './bundle-set.js';
import { bundleShow } from './bundle-show.js';

/** `spoor bundle`: by what SVIDs are judged. */
export function bundle(cli: Cli): Command {
  return cli.group(
    { name: 'bundle', summary: 'see the own bundle, keep those of others', examples: ['spoor bundle list'] },
    [bundleShow(cli), bundleSet(cli), bundleList(cli), bundleDelete(cli)],
  );
}
