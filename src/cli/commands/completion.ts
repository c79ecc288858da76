import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.js';

/** `spoor completion`: a script that a shell can load. */
export function completion(cli: Cli): Command {
  const command = cli.command({
    name: 'completion',
    summary: 'print a completion script for a shell',
    examples: ['source <(spoor completion bash)', 'source <(spoor completion zsh)'],
  });
  return command
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh']))
    .action(async (shell: string) => {
      const { completionScript } = await import('../completion-script.js');
      const script = completionScript(command.parent ?? command);
      const first = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
      cli.io.out.write(first + script);
    });
}
