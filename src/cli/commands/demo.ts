import type { Command } from 'commander';
import type { Cli } from '../cli.js';

/** `spoor demo`: everything at once, in a temporary folder. */
export function demo(cli: Cli): Command {
  return cli
    .command({
      name: 'demo',
      summary: 'watch it work: a daemon and two agents in a temporary folder, for half a minute',
      examples: ['spoor demo'],
    })
    .action(async () => {
      const { runDemo } = await import('../demo/demo.js');
      await runDemo(cli.io);
    });
}
