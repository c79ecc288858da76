import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpoorError } from '../../core/errors.js';
import type { Mode } from '../../core/paths.js';
import type { CliIo } from '../io.js';
import { run } from '../run.js';
import { Agent, type AgentCommand } from './child.js';
import { DEFINITIONS, findUsers, Scripts, type ScriptName, type Users } from './scripts.js';

const SPOORD = fileURLToPath(new URL('../spoord.js', import.meta.url));
const SPOOR = fileURLToPath(new URL('../spoor.js', import.meta.url));
const AGENT = fileURLToPath(new URL('agent.js', import.meta.url));
export const TRUST_DOMAIN = 'demo.test';
/** How long the daemon may take to stop. */
const GRACE_MS = 5_000;

type User = NonNullable<AgentCommand['user']>;

interface Parts {
  readonly folder: string;
  readonly scripts: Scripts;
  /** As whom the scripts run; undefined in user mode: as this process. */
  readonly users: Users | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly daemon: ChildProcess;
  readonly io: CliIo;
  readonly stop: AbortSignal;
}

/** Where the demo plays: a folder of its own, a daemon in it, and agents; all of it goes when it is closed. */
export class Stage implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #cast: Agent[] = [];

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes: `stop` — after which nothing is waited for any more. Errors: DAEMON_UNREACHABLE, STOPPING. */
  static async open(mode: Mode, io: CliIo, stop: AbortSignal): Promise<Stage> {
    const users = mode === 'root' ? await findUsers() : undefined;
    // The folder in an administrator's TMPDIR may be closed to the users of the scripts.
    const folder = await mkdtemp(join(mode === 'root' ? '/tmp' : io.facts.temporary, 'spoor-demo-'));
    try {
      if (mode === 'root') await chmod(folder, 0o755);
      const scripts = await Scripts.write(folder);
      for (const name of ['entries.d', 'launch.d']) await mkdir(join(folder, name));
      await writeFile(join(folder, 'launch.d', 'agents.yaml'), scripts.definitions(users));
      const daemon = startDaemon(folder, mode);
      return await new Stage({ folder, scripts, users, env: envOf(folder, io), daemon, io, stop }).#opened();
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get folder(): string {
    return this.#parts.folder;
  }

  get scripts(): Scripts {
    return this.#parts.scripts;
  }

  get mode(): Mode {
    return this.#parts.users === undefined ? 'user' : 'root';
  }

  /** Runs a command line of `spoor` here. Returns: what it prints. */
  async spoor(argv: readonly string[], isTerminal = false): Promise<string> {
    let printed = '';
    const out = { isTerminal, write: (text: string): void => void (printed += text) };
    await this.#run(argv, { out });
    return printed;
  }

  /** By what an entry knows a script: by the definition that launches it, or by its bytes, with whatever is near. */
  selectors(script: ScriptName): readonly string[] {
    const { users, io, scripts } = this.#parts;
    if (script === 'researcher') {
      return [`unix:uid:${users?.researcher.uid ?? io.facts.uid}`, `launch:name:${script}`];
    }
    return [`script:path:${scripts.path(script)}`, `script:sha256:${scripts.sha256(script)}`];
  }

  async addEntry(id: string, selectors: readonly string[]): Promise<void> {
    const given = selectors.flatMap((selector) => ['--selector', selector]);
    await this.spoor(['entry', 'add', '--id', id, '--spiffe-id', `spiffe://${TRUST_DOMAIN}/${id}`, ...given]);
  }

  /** Starts the agents' program under the usual Node.js. */
  agent(...args: readonly string[]): Agent {
    return this.#start(process.execPath, [AGENT, ...args], this.#viewer);
  }

  /** Starts the same program under a copy of Node.js that no entry names. */
  async stranger(): Promise<Agent> {
    const copy = join(this.folder, 'stranger');
    await copyFile(process.execPath, copy);
    return this.#start(copy, [AGENT, 'ask'], this.#viewer);
  }

  launch(definition: (typeof DEFINITIONS)[number]): Agent {
    return this.#start(process.execPath, [SPOOR, 'launch', definition]);
  }

  /** Starts a script by hand: as the user as whom it is launched, and with the executable of a process that was. */
  byHand(script: ScriptName, pid: number, ...options: readonly string[]): Agent {
    const account = this.#parts.users?.[script];
    const user = account && { uid: account.uid, gid: account.gid };
    return this.#start(`/proc/${pid}/exe`, [...options, this.scripts.path(script)], user);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#cast.map((agent) => agent[Symbol.asyncDispose]()));
    const { exitCode, signalCode } = this.#parts.daemon;
    if (exitCode === null && signalCode === null) await this.#stopDaemon();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #opened(): Promise<this> {
    try {
      await this.#untilThere(join(this.folder, 'admin.sock'));
      const { uid } = this.#viewer ?? this.#parts.io.facts;
      await this.addEntry('agent', [`unix:uid:${uid}`, `unix:path:${await realpath(process.execPath)}`]);
      return this;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Whoever called sudo: only that user can surely read what is installed here. Undefined: this process's own. */
  get #viewer(): User | undefined {
    const { SUDO_UID, SUDO_GID } = this.#parts.env;
    if (this.mode === 'user' || !SUDO_UID || !SUDO_GID) return undefined;
    return { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
  }

  #start(program: string, args: readonly string[], user?: User): Agent {
    const { env, stop } = this.#parts;
    const agent = new Agent({ program, args, env, ...(user !== undefined && { user }) }, stop);
    this.#cast.push(agent);
    return agent;
  }

  /** What was launched would outlive the daemon: the agents have ended it, and this makes sure. */
  async #stopDaemon(): Promise<void> {
    const nowhere = { isTerminal: false, write: (): void => {} };
    for (const name of DEFINITIONS) {
      await this.#run(['stop', name, '--all', '--grace', '1s'], { out: nowhere, err: nowhere });
    }
    const { daemon } = this.#parts;
    const exited = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    const late = setTimeout(() => daemon.kill('SIGKILL'), GRACE_MS);
    await exited;
    clearTimeout(late);
  }

  async #run(argv: readonly string[], sinks: Partial<Pick<CliIo, 'out' | 'err'>>): Promise<void> {
    const { io, env } = this.#parts;
    await run(argv, { ...io, ...sinks, facts: { ...io.facts, env } });
  }

  async #untilThere(socket: string): Promise<void> {
    for (let tries = 0; tries < 1_000; tries++) {
      if (this.#parts.stop.aborted) throw new SpoorError('STOPPING', 'the demo was interrupted');
      if (this.#parts.daemon.exitCode !== null) break;
      if ((await stat(socket).catch(() => undefined)) !== undefined) return;
      await sleep(10);
    }
    throw new SpoorError('DAEMON_UNREACHABLE', 'the demo’s daemon did not start');
  }
}

function envOf(folder: string, { facts }: CliIo): NodeJS.ProcessEnv {
  return {
    ...facts.env,
    SPIFFE_ENDPOINT_SOCKET: `unix://${join(folder, 'agent.sock')}`,
    SPOOR_ADMIN_SOCKET: join(folder, 'admin.sock'),
    SPOOR_LAUNCH_SOCKET: join(folder, 'launch.sock'),
  };
}

/** Detached: it must not stop at Ctrl-C before what it has launched. */
function startDaemon(folder: string, mode: Mode): ChildProcess {
  return spawn(process.execPath, [SPOORD, ...flags(folder, mode)], {
    ...{ cwd: '/', detached: true },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function flags(folder: string, mode: Mode): readonly string[] {
  const at = (name: string): string => join(folder, name);
  return [
    ...['--config', '/dev/null', '--trust-domain', TRUST_DOMAIN, '--mode', mode, '--log-level', 'error'],
    ...[
      '--state',
      at('state'),
      '--entries',
      at('entries.d'),
      '--bundles',
      at('bundles.d'),
      '--launch',
      at('launch.d'),
    ],
    ...['--socket', at('agent.sock'), '--admin-socket', at('admin.sock')],
  ];
}
