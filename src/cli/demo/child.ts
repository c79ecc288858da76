import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpoorError } from '../../core/errors.js';
import type { AgentEvent } from './agent.js';

type EventOf<Name extends AgentEvent['event']> = Extract<AgentEvent, { event: Name }>;

const PATIENCE_MS = 15_000;
/** How long it may take to end after its input has. */
const GRACE_MS = 3_000;

/** What to run, and as whom. */
export interface AgentCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Undefined: as this process. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** One running program of the demo, and what it told. */
export class Agent implements AsyncDisposable {
  /** For a launched one, that of `spoor launch`. */
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #stop: AbortSignal;
  readonly #told: AgentEvent[] = [];
  #notify = (): void => {};

  /** Takes: `stop` — after which nothing is waited for any more. */
  constructor({ program, args, env, user }: AgentCommand, stop: AbortSignal) {
    // Detached: Ctrl-C is the demo's alone, which then ends everything in its order.
    this.#child = spawn(program, args, {
      ...{ env, ...user, cwd: '/', detached: true },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#stop = stop;
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      this.#told.push(JSON.parse(line) as AgentEvent);
      this.#notify();
    });
    this.#child.on('error', () => this.#notify()).on('exit', () => this.#notify());
    // EPIPE: it has ended by itself.
    this.#child.stdin?.on('error', () => {});
  }

  /**
   * The event of this name, once it was told; `after` skips that many of them.
   *
   * Errors: DEADLINE_EXCEEDED when it did not come, also when the agent ended without it; STOPPING.
   */
  async event<Name extends AgentEvent['event']>(name: Name, after = 0): Promise<EventOf<Name>> {
    const deadline = AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), this.#stop]);
    for (;;) {
      if (this.#stop.aborted) throw new SpoorError('STOPPING', 'the demo was interrupted');
      const found = this.all(name)[after];
      if (found !== undefined) return found;
      if (deadline.aborted || this.#hasEnded) {
        throw new SpoorError('DEADLINE_EXCEEDED', `the agent with pid ${this.pid} did not get to "${name}"`);
      }
      await this.#more(deadline);
    }
  }

  all<Name extends AgentEvent['event']>(name: Name): readonly EventOf<Name>[] {
    return this.#told.filter((told): told is EventOf<Name> => told.event === name);
  }

  /** Sends it a line. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Asks it to end, and waits until it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end('stop\n');
    const patience = new AbortController();
    const late = sleep(GRACE_MS, undefined, { signal: patience.signal }).then(
      () => this.#child.kill('SIGKILL'),
      () => false,
    );
    await exited;
    patience.abort();
    await late;
  }

  get #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #more(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = resolve;
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
