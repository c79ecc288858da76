import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpoorError } from '../../core/errors.js';
import type { PathFacts } from '../../core/paths.js';
import { Agent } from './child.js';

const SPOORD = fileURLToPath(new URL('../spoord.js', import.meta.url));
export const TRUST_DOMAIN = 'demo.test';

/** Where the demo plays: a folder of its own, a daemon in it, and agents; all of it goes when it is closed. */
export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #daemon: ChildProcess;
  readonly #cast: Agent[] = [];

  private constructor(folder: string, env: NodeJS.ProcessEnv, daemon: ChildProcess) {
    this.folder = folder;
    this.env = env;
    this.#daemon = daemon;
  }

  static async open({ temporary, uid, env }: PathFacts): Promise<Stage> {
    const folder = await mkdtemp(join(temporary, 'spoor-demo-'));
    const [socket, adminSocket] = [join(folder, 'agent.sock'), join(folder, 'admin.sock')];
    await mkdir(join(folder, 'entries.d'));
    await writeFile(join(folder, 'entries.d', 'agents.yaml'), await entries(uid));
    const daemon = spawn(process.execPath, [SPOORD, ...flags(folder, socket, adminSocket)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const stage = new Stage(
      folder,
      { ...env, SPIFFE_ENDPOINT_SOCKET: `unix://${socket}`, SPOOR_ADMIN_SOCKET: adminSocket },
      daemon,
    );
    await stage.#untilThere(adminSocket);
    return stage;
  }

  /** Starts the agents' program under the usual Node.js. */
  agent(...args: readonly string[]): Agent {
    return this.#enter(new Agent(process.execPath, args, this.env));
  }

  /** Starts the same program under a copy of Node.js that no entry names. */
  async stranger(): Promise<Agent> {
    const copy = join(this.folder, 'stranger');
    await copyFile(process.execPath, copy);
    return this.#enter(new Agent(copy, ['ask'], this.env));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#cast.toReversed()) await agent[Symbol.asyncDispose]();
    if (this.#daemon.exitCode === null) {
      const exited = once(this.#daemon, 'exit');
      this.#daemon.kill('SIGTERM');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  #enter(agent: Agent): Agent {
    this.#cast.push(agent);
    return agent;
  }

  async #untilThere(socket: string): Promise<void> {
    const { access } = await import('node:fs/promises');
    for (let tries = 0; tries < 1_000; tries++) {
      if (this.#daemon.exitCode !== null) break;
      const there = await access(socket).then(
        () => true,
        () => false,
      );
      if (there) return;
      await sleep(10);
    }
    throw new SpoorError('DAEMON_UNREACHABLE', 'the demo’s daemon did not start');
  }
}

function flags(folder: string, socket: string, adminSocket: string): readonly string[] {
  return [
    ...['--config', '/dev/null', '--trust-domain', TRUST_DOMAIN, '--mode', 'user', '--log-level', 'error'],
    ...[
      '--state',
      join(folder, 'state'),
      '--entries',
      join(folder, 'entries.d'),
      '--bundles',
      join(folder, 'bundles.d'),
    ],
    ...['--socket', socket, '--admin-socket', adminSocket],
  ];
}

async function entries(uid: number): Promise<string> {
  return [
    'entries:',
    '  - id: agent',
    `    spiffe_id: spiffe://${TRUST_DOMAIN}/agent`,
    `    selectors: ["unix:uid:${uid}", "unix:path:${await realpath(process.execPath)}"]`,
    '',
  ].join('\n');
}
