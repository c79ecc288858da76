import type { Command } from 'commander';
import type { Cli } from '../cli.js';

const WORDS = `
Without --root the daemon, the agents and what is launched run as you. In user mode: same-uid processes are not kept apart.
With --root, what is launched runs as two users without privileges that every Linux has, each program in a cgroup of
its own, and is told from whatever else runs as the same user.

Ctrl-C ends it at any time. It leaves no process, file or cgroup behind.`;

/** `spoor demo`: everything at once, in a temporary folder. */
export function demo(cli: Cli): Command {
  return cli
    .command({
      name: 'demo',
      summary: 'watch it work: a daemon, agents and launched scripts in a temporary folder, for some seconds',
      examples: ['spoor demo', 'sudo spoor demo --root'],
    })
    .option('--root', 'play it in root mode, with users and cgroups of their own; needs root')
    .addHelpText('after', WORDS)
    .action(async ({ root = false }: { readonly root?: boolean }) => {
      const { runDemo } = await import('../demo/demo.js');
      cli.endWith(await runDemo(cli.io, root ? 'root' : 'user'));
    });
}
