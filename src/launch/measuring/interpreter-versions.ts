import type { Readable } from 'node:stream';
import type { Account } from '../../measurement/accounts.js';
import type { MeasuredExecutable } from './executable.js';
import { launchLimits } from '../starting/limits.js';
import { startStage2, type StartingProcess } from '../starting/starter.js';

const ANSWER_MS = 5_000;
const MAX_ANSWER_BYTES = 4_096;
const MAX_REMEMBERED = 256;
const UMASK = 0o077;

export interface InterpreterVersionsDeps {
  /** Whether programs are asked as the user of the launch, or as the daemon, which is that user. */
  readonly mode: 'root' | 'user';
  /** Numbers of children that Node.js reaps. */
  readonly own: Set<number>;
  /** Node.js, its arguments and the program of stage 2. */
  readonly stage2: readonly string[];
  /** How many descriptors the daemon may have at the most. */
  readonly hardDescriptors: number;
}

/** Which version an interpreter is: it is asked itself, once for each digest. */
export class InterpreterVersions {
  readonly #deps: InterpreterVersionsDeps;
  readonly #bySha256 = new Map<string, string>();

  constructor(deps: InterpreterVersionsDeps) {
    this.#deps = deps;
  }

  /**
   * What `--version` says, e.g. `v26.10.0` or `Python 3.13.1`. It is asked through stage 2, as the user of the launch: the
   * program may be the user's own, and gets no more than a launched one.
   *
   * Returns: undefined when it says nothing within 5 s.
   */
  async of(executable: MeasuredExecutable, account: Account): Promise<string | undefined> {
    const { sha256 } = executable;
    const known = this.#bySha256.get(sha256);
    if (known !== undefined) return known;
    const said = await this.#ask(executable, account);
    if (said === undefined) return undefined;
    if (this.#bySha256.size >= MAX_REMEMBERED) this.#bySha256.clear();
    this.#bySha256.set(sha256, said);
    return said;
  }

  async #ask({ path, descriptor }: MeasuredExecutable, account: Account): Promise<string | undefined> {
    const { stage2, own } = this.#deps;
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const asked = await startStage2(stage2, { stdio, executable: descriptor }, own);
    const giveUp = setTimeout(() => this.#giveUp(asked), ANSWER_MS);
    try {
      const answer = textOf(asked.output);
      await Promise.all([answer, this.#execute(asked, path, account)]);
      const ending = await asked.ended;
      return 'code' in ending && ending.code === 0 ? (await answer).trim() : undefined;
    } catch {
      this.#giveUp(asked);
      return undefined; // it cannot be asked: its loader, if there is one, is not for an unknown version
    } finally {
      clearTimeout(giveUp);
    }
  }

  #execute(asked: StartingProcess, path: string, { uid, gid, groups }: Account): Promise<void> {
    const { mode, hardDescriptors } = this.#deps;
    return asked.execute({
      cgroups: [],
      terminal: false,
      limits: launchLimits({ limits: {} }, hardDescriptors),
      ...(mode === 'root' && { become: { uid, gid, groups } }),
      cwd: ['/'],
      umask: UMASK,
      argv: [path, '--version'],
      env: [],
    });
  }

  #giveUp({ pid, output }: StartingProcess): void {
    output?.destroy();
    // Once it is reaped, its number may be another process's.
    if (this.#deps.own.has(pid)) process.kill(pid, 'SIGKILL');
  }
}

/** Errors: when it is longer than an answer is, or is cut off. */
async function textOf(output: Readable | null): Promise<string> {
  let text = '';
  for await (const chunk of output ?? []) {
    text += String(chunk);
    if (text.length > MAX_ANSWER_BYTES) throw new Error('too long for a version');
  }
  return text;
}
