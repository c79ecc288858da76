import type { Command } from 'commander';
import { SpoorError } from '../../core/errors.js';
import type { Cli } from '../cli.js';
import { withExplain } from '../daemon-socket.js';
import { plain } from '../plain.js';
import { adminSocketOption, socketOption, type AdminOptions, type AgentOptions } from '../options.js';
import { uidOfProcess } from '../process-owner.js';
import { findSocket, type FoundSocket } from '../sockets.js';
import { explanationText } from './explanation-text.js';

type Options = AdminOptions & AgentOptions;

const MAX_PID = 2 ** 22;

/** `spoor explain`: why a process gets what it gets. */
export function explain(cli: Cli): Command {
  return cli
    .command({
      name: 'explain',
      summary: 'say why a process gets the SPIFFE IDs that it gets, or none',
      examples: ['spoor explain 4242', 'spoor explain "$(pidof my-agent)" --output json'],
      json: `{"process": {"pid", "uid", "gid", "path", "level", "instance", "foreign_user_namespace"},
 "steps": [{"room", "outcome": "passed"|"refused"|"failed", "detail"}],
 "outcomes": [{"attestor", "selectors": [], "failure"}], "selectors": [], "presented": [],
 "matches": [{"id", "spiffe_id", "hint"}], "refused": [{"id", "reason"}],
 "nearest": [{"id", "spiffe_id", "missing": []}], "verdict",
 "launch": null|{"name", "launched_by", "parent", "executable", "executable_sha256",
  "script": null|{"path", "sha256", "interpreter", "interpreter_args": [], "package", "lock_sha256"}, "notes": []},
 "descent": null|{"instance", "name", "pid", "found_by": "cgroup"|"ancestry"|"adoption"|"execution"|"lost"}}`,
    })
    .argument('[pid]', 'the process; this command itself unless given')
    .addOption(socketOption())
    .addOption(adminSocketOption())
    .addHelpText(
      'after',
      '\nProcesses of your own uid are explained over the agent socket, all others over the admin socket.',
    )
    .action(async (given: string | undefined, options: Options) => {
      const pid = given === undefined ? 0 : parsePid(given);
      const socket = await socketFor(pid, options, cli);
      const answer = await withExplain(socket, (daemon) => daemon.call('Explain', { pid }));
      cli.print(options, answer, (paint) => explanationText(plain(answer), paint));
    });
}

function parsePid(text: string): number {
  const pid = /^\d{1,7}$/u.test(text) ? Number(text) : 0;
  if (pid >= 1 && pid <= MAX_PID) return pid;
  throw new SpoorError('ARGUMENT_INVALID', `not a process id: a number from 1 to ${MAX_PID} is needed`, {
    facts: { found: text.slice(0, 80) },
  });
}

async function socketFor(pid: number, options: Options, { io }: Cli): Promise<FoundSocket> {
  const own = pid === 0 || (await uidOfProcess(pid)) === io.facts.uid;
  const admin = options.adminSocket !== undefined || (options.socket === undefined && !own);
  return await findSocket(
    admin ? 'adminSocket' : 'socket',
    admin ? options.adminSocket : options.socket,
    io.facts,
  );
}
