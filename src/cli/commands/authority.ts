import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { authorityRevoke } from './authority-revoke.js';
import { authorityRotate } from './authority-rotate.js';
import { authorityShow } from './authority-show.js';
import { authorityTaint } from './authority-taint.js';

/** `spoor authority`: the keys that sign. */
export function authority(cli: Cli): Command {
  return cli.group(
    { name: 'authority', summary: 'see and change the keys that sign', examples: ['spoor authority show'] },
    [authorityShow(cli), authorityRotate(cli), authorityTaint(cli), authorityRevoke(cli)],
  );
}
