import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageStore } from './image-store.js';

const START_MS = 20_000;
const STOP_MS = 10_000;

/** A container that runs the daemon as its image says, in the host's pid namespace. */
export class RunningContainer implements AsyncDisposable {
  readonly #store: ImageStore;
  /** `buildah run`'s flags and the container's name. */
  readonly #place: readonly string[];
  readonly #child: ChildProcess;
  #log = '';

  private constructor(store: ImageStore, place: readonly string[], command: readonly string[]) {
    this.#store = store;
    this.#place = place;
    const [program, ...argv] = store.commandLine('run', ...place, '--', ...command);
    this.#child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
  }

  /** Starts the image's entrypoint, and waits until it serves. */
  static async start(store: ImageStore, image: string, flags: readonly string[]): Promise<RunningContainer> {
    const { Entrypoint, Cmd } = await store.config(image);
    const place = ['--isolation', 'chroot', ...flags, await store.buildah('from', image)];
    const container = new RunningContainer(store, place, [...Entrypoint, ...Cmd]);
    try {
      await container.#untilServing();
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs another command in the same container. */
  run(...command: readonly string[]): Promise<string> {
    return this.#store.buildah('run', ...this.#place, '--', ...command);
  }

  /** The daemon's process, by its number on the host, which is also its number in there. */
  async daemonPid(): Promise<number> {
    const status = JSON.parse(await this.run('spoor', 'status', '--output', 'json')) as { pid: number };
    return status.pid;
  }

  /** Asks the daemon to stop, and gives the exit code of the container. */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, 'exit');
    process.kill(await this.daemonPid(), 'SIGTERM');
    await Promise.race([ended, sleep(STOP_MS)]);
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #untilServing(): Promise<void> {
    for (const from = performance.now(); performance.now() - from < START_MS; await sleep(50)) {
      if (this.#log.includes('serving the Workload API')) return;
      if (this.#child.exitCode !== null) break;
    }
    throw new Error(`the container does not serve:\n${this.#log}`);
  }
}
