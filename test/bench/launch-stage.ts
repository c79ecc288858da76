import { execFileSync, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LaunchClient } from '../../dist/cli/launch/launch-client.js';
import { openKernel } from '../../dist/kernel/kernel.js';
import { SocketPair } from '../../dist/kernel/socket-pair.js';
import { BenchDaemon } from './processes.ts';

const SPOOR = new URL('../../dist/cli/spoor.js', import.meta.url).pathname;
const NULL_FD = 0;
const NOBODY = 65_534;
const IS_ROOT = process.geteuid?.() === 0;
const kernel = openKernel();

/** Milliseconds to the first byte that a program says, and to its end. */
export interface Run {
  readonly firstMs: number;
  readonly endMs: number;
}

/** A daemon that launches, as whom it launches, and the same programs without it. */
export class LaunchBench implements AsyncDisposable {
  readonly daemon = new BenchDaemon();
  readonly socket = join(this.daemon.folder, 'launch.sock');
  readonly #env = { PATH: '/usr/bin:/bin' };

  constructor() {
    chmodSync(this.daemon.folder, 0o755);
    mkdirSync(join(this.daemon.folder, 'launch.d'));
  }

  get mode(): string {
    return IS_ROOT ? 'root mode' : 'user mode';
  }

  /** As whom programs run, launched or not. */
  get user(): Pick<SpawnOptions, 'uid' | 'gid'> {
    return IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {};
  }

  /** Makes a file that everybody may execute. */
  file(name: string, contents: string | Buffer): string {
    const path = join(this.daemon.folder, name);
    writeFileSync(path, contents, { mode: 0o755 });
    return path;
  }

  /** To be called before the daemon starts. */
  define(programs: Readonly<Record<string, readonly string[]>>): void {
    const runAs = IS_ROOT ? ', run_as: nobody' : '';
    const items = Object.entries(programs).map(
      ([name, command]) => `  - {name: ${name}, command: ${JSON.stringify(command)}${runAs}}\n`,
    );
    writeFileSync(join(this.daemon.folder, 'launch.d', 'bench.yaml'), `launch:\n${items.join('')}`);
  }

  /** From the connection to the launch socket. */
  async launch(name: string): Promise<Run> {
    const { near, far } = SocketPair.open(kernel);
    const start = performance.now();
    using client = await LaunchClient.connect(kernel, this.socket);
    const { challenge } = await client.hello(name, false);
    const order = { challenge, args: [], env: {}, cwd: '/', terminal: false };
    const launched = client.order(order, [NULL_FD, far, 2]);
    const said = new Socket({ fd: near });
    const first = once(said, 'data').then(() => performance.now() - start);
    await launched;
    kernel.sockets.close(far);
    said.resume();
    const firstMs = await first;
    await client.ending();
    const endMs = performance.now() - start;
    said.destroy();
    return { firstMs, endMs };
  }

  /** The same program, started by this process. */
  async plain(command: readonly string[]): Promise<Run> {
    return await timed(command, { ...this.user, env: this.#env, cwd: '/' });
  }

  /** `spoor launch` as a command of its own. */
  async command(name: string): Promise<Run> {
    const env = { ...this.daemon.env, SPOOR_LAUNCH_SOCKET: this.socket };
    return await timed([process.execPath, SPOOR, 'launch', name], { env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

/** The interpreter itself, and no script that looks for it. */
export function pythonPath(): string | undefined {
  if (existsSync('/usr/bin/python3')) return realpathSync('/usr/bin/python3');
  try {
    const found = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
    return realpathSync(found.trim());
  } catch {
    return undefined; // then it is not measured
  }
}

async function timed([program = '', ...args]: readonly string[], options: SpawnOptions): Promise<Run> {
  const start = performance.now();
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const since = (): number => performance.now() - start;
  const ended = once(child, 'exit').then(since);
  const { stdout } = child;
  if (stdout === null) throw new Error('it has no standard output');
  const first = once(stdout, 'data').then(since);
  await text(stdout);
  return { firstMs: await first, endMs: await ended };
}
