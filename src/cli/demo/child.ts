import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SpoorError } from '../../core/errors.js';
import type { AgentEvent } from './agent.js';

const AGENT = fileURLToPath(new URL('agent.js', import.meta.url));

type EventOf<Name extends AgentEvent['event']> = Extract<AgentEvent, { event: Name }>;

/** One running agent of the demo, and what it told. */
export class Agent implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #told: AgentEvent[] = [];
  #notify = (): void => {};

  /** Takes: `executable` — the Node.js that runs the program; `args` — its role. */
  constructor(executable: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(executable, [AGENT, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.pid = this.#child.pid ?? 0;
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      this.#told.push(JSON.parse(line) as AgentEvent);
      this.#notify();
    });
    this.#child.on('exit', () => this.#notify());
  }

  /**
   * The event of this name, once it was told; `after` skips that many of them.
   *
   * Errors: DEADLINE_EXCEEDED when it did not come, also when the agent ended without it.
   */
  async event<Name extends AgentEvent['event']>(name: Name, after = 0): Promise<EventOf<Name>> {
    const deadline = AbortSignal.timeout(15_000);
    for (;;) {
      const found = this.all(name)[after];
      if (found !== undefined) return found;
      if (deadline.aborted || this.#child.exitCode !== null) {
        throw new SpoorError('DEADLINE_EXCEEDED', `the agent with pid ${this.pid} did not get to "${name}"`);
      }
      await this.#more(deadline);
    }
  }

  all<Name extends AgentEvent['event']>(name: Name): readonly EventOf<Name>[] {
    return this.#told.filter((told): told is EventOf<Name> => told.event === name);
  }

  /** Asks it to end, and waits until it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end('stop\n');
    await exited;
  }

  #more(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = resolve;
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
