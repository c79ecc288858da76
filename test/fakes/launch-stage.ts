import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunningDaemon, type DaemonOptions } from '../e2e/running-daemon.js';

const SPOOR = fileURLToPath(new URL('../../dist/cli/spoor.js', import.meta.url));

/** Users that nobody is. */
export const ALICE = { uid: 54_001, gid: 54_001 };
export const BOB = { uid: 54_002, gid: 54_002 };

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** A program, with its arguments, that runs the command in its turn: `unshare --net`. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A daemon that other users reach, and programs that it launches for them or, in user mode, for its own user. */
export class LaunchStage implements AsyncDisposable {
  readonly daemon: RunningDaemon;

  private constructor(daemon: RunningDaemon) {
    this.daemon = daemon;
  }

  /** Takes: definitions and entries as YAML items, without the list's name. */
  static async open(definitions: string, entries = '', options: DaemonOptions = {}): Promise<LaunchStage> {
    const daemon = await RunningDaemon.start({
      ...options,
      launch: { 'all.yaml': listOf('launch', definitions) },
      entries: { 'all.yaml': listOf('entries', entries) },
    });
    await chmod(daemon.folder, 0o755);
    return new LaunchStage(daemon);
  }

  /** Replaces the definitions, and waits until they are in force. */
  async define(definitions: string): Promise<void> {
    await writeFile(join(this.daemon.file('launch.d'), 'all.yaml'), listOf('launch', definitions));
    const wanted = [...definitions.matchAll(/name: ([\w.-]+)/g)].map(([, name]) => name);
    for (let tries = 0; tries < 200; tries++) {
      const { stdout } = await this.spoor(['launch-def', 'list', '--output', 'json']);
      const { definitions: found } = JSON.parse(stdout) as { definitions: readonly { name: string }[] };
      if (wanted.every((name) => found.some((definition) => definition.name === name))) return;
      await sleep(20);
    }
    throw new Error(`the definitions did not come into force:\n${this.daemon.log}`);
  }

  /** Makes a file that everybody may read and execute, below the daemon's folder. */
  async file(name: string, text: string | Buffer): Promise<string> {
    const path = this.daemon.file(name);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, text);
    await chmod(path, 0o755);
    return path;
  }

  /** Runs `spoor` as somebody. */
  spoor(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.run([process.execPath, SPOOR, ...argv], options);
  }

  /** Runs any command as somebody. */
  run(argv: readonly string[], { through = [], env, ...user }: RunOptions = {}): Promise<Ran> {
    const [program = '', ...args] = [...through, ...argv];
    const options = { ...user, env: { ...this.env, ...env }, cwd: '/', maxBuffer: 64 * 1_048_576 };
    return new Promise((resolve) => {
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Starts `spoor` as somebody, and leaves it running. */
  start(argv: readonly string[], { through = [], env, ...user }: RunOptions = {}): ChildProcess {
    const [program = '', ...args] = [...through, process.execPath, SPOOR, ...argv];
    return spawn(program, args, { ...user, env: { ...this.env, ...env }, cwd: '/', stdio: 'pipe' });
  }

  /** The environment in which clients find the daemon. */
  get env(): NodeJS.ProcessEnv {
    return { ...this.daemon.env, SPOOR_LAUNCH_SOCKET: this.daemon.launchSocket, HOME: '/' };
  }

  /** The lines of the record of one event. */
  async recorded(event: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const text = await readFile(join(this.daemon.file('state'), 'record.jsonl'), 'utf8');
    const lines = text.split('\n').filter((line) => line !== '');
    return lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['event'] === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

function listOf(name: string, items: string): string {
  return items === '' ? `${name}: []\n` : `${name}:\n${items}`;
}
