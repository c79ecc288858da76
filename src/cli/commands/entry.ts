import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { entryAdd } from './entry-add.js';
import { entryDelete } from './entry-delete.js';
import { entryImport } from './entry-import.js';
import { entryList } from './entry-list.js';
import { entryShow } from './entry-show.js';
import { entryUpdate } from './entry-update.js';

/** `spoor entry`: which process may be what. */
export function entry(cli: Cli): Command {
  return cli.group(
    {
      name: 'entry',
      summary: 'say which process gets which SPIFFE ID',
      examples: ['spoor entry list'],
    },
    [entryAdd(cli), entryShow(cli), entryList(cli), entryUpdate(cli), entryDelete(cli), entryImport(cli)],
  );
}
