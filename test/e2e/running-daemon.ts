import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const DIST = new URL('../../dist/cli/', import.meta.url).pathname;
const SPOORD = join(DIST, 'spoord.js');
const SPOOR = join(DIST, 'spoor.js');
const run = promisify(execFile);

export interface DaemonOptions {
  readonly trustDomain?: string;
  readonly flags?: readonly string[];
  /** A settings file's text; without it only flags count. */
  readonly settings?: string;
  /** Entry files by name, there before the daemon starts. */
  readonly entries?: Readonly<Record<string, string>>;
  /** Files of launch definitions by name, likewise. */
  readonly launch?: Readonly<Record<string, string>>;
  /** Runs as this uid and gid. */
  readonly uid?: number;
  readonly env?: NodeJS.ProcessEnv;
}

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built daemon, as its own process, with everything in a temporary folder. */
export class RunningDaemon implements AsyncDisposable {
  readonly folder: string;
  readonly #options: DaemonOptions;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(folder: string, options: DaemonOptions) {
    this.folder = folder;
    this.#options = options;
  }

  static async start(options: DaemonOptions = {}): Promise<RunningDaemon> {
    const daemon = new RunningDaemon(await mkdtemp(join(tmpdir(), 'spoor-e2e-')), options);
    await mkdir(daemon.file('entries.d'));
    await mkdir(daemon.file('launch.d'));
    await writeFile(daemon.file('spoor.yaml'), options.settings ?? '');
    for (const [name, text] of Object.entries(options.entries ?? {})) await daemon.writeEntries(name, text);
    for (const [name, text] of Object.entries(options.launch ?? {})) {
      await writeFile(join(daemon.file('launch.d'), name), text);
    }
    await daemon.startAgain();
    return daemon;
  }

  get socket(): string {
    return this.file('agent.sock');
  }

  get adminSocket(): string {
    return this.file('admin.sock');
  }

  get launchSocket(): string {
    return this.file('launch.sock');
  }

  get endpoint(): string {
    return `unix://${this.socket}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** All that the daemon has logged since its latest start. */
  get log(): string {
    return this.#log;
  }

  /** The environment in which its clients find it. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, SPIFFE_ENDPOINT_SOCKET: this.endpoint, SPOOR_ADMIN_SOCKET: this.adminSocket };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  writeEntries(name: string, text: string): Promise<void> {
    return writeFile(join(this.file('entries.d'), name), text);
  }

  /** Starts it with the same folder, and waits until its sockets are there. */
  async startAgain(): Promise<void> {
    const { uid, env } = this.#options;
    const user = uid === undefined ? {} : { uid, gid: uid };
    const child = spawn(process.execPath, [SPOORD, ...this.#flags()], {
      ...user,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    this.#log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
    await this.#untilThere(child);
  }

  /** Ends it with a signal and gives its exit code; null when the signal itself ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  }

  /** Runs `spoor` against this daemon. */
  async spoor(...argv: readonly string[]): Promise<CommandOutcome> {
    try {
      const { stdout, stderr } = await run(process.execPath, [SPOOR, ...argv], { env: this.env });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #flags(): readonly string[] {
    const { trustDomain = 'example.org', flags = [] } = this.#options;
    return [
      ...['--config', this.file('spoor.yaml'), '--trust-domain', trustDomain, '--state', this.file('state')],
      ...['--socket', this.socket, '--admin-socket', this.adminSocket],
      ...flags,
    ];
  }

  async #untilThere(child: ChildProcess): Promise<void> {
    for (let tries = 0; tries < 1_000 && child.exitCode === null; tries++) {
      if (this.#log.includes('serving the Workload API') && (await isThere(this.adminSocket))) return;
      await sleep(10);
    }
    throw new Error(`the daemon did not start:\n${this.#log}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** One entry for everything that runs as this user. */
export function ownUidEntry(path = 'me', more = ''): string {
  return `entries:\n  - {id: me, spiffe_id: "spiffe://example.org/${path}", selectors: ["unix:uid:${process.getuid?.()}"]${more}}\n`;
}
