import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Account } from '../measurement/accounts.js';
import type { MeasuredExecutable } from './executable.js';

const run = promisify(execFile);

const ANSWER_MS = 5_000;
const MAX_ANSWER_BYTES = 4_096;
const MAX_REMEMBERED = 256;

export interface InterpreterVersionsDeps {
  /** Whether programs are asked as the user of the launch, or as the daemon, which is that user. */
  readonly mode: 'root' | 'user';
  /** Numbers of children that Node.js reaps. */
  readonly own: Set<number>;
}

/** Which version an interpreter is: it is asked itself, once for each digest. */
export class InterpreterVersions {
  readonly #deps: InterpreterVersionsDeps;
  readonly #bySha256 = new Map<string, string>();

  constructor(deps: InterpreterVersionsDeps) {
    this.#deps = deps;
  }

  /**
   * What `--version` says, e.g. `v26.10.0` or `Python 3.13.1`: run as the user of the launch, with nothing of ours.
   *
   * Returns: undefined when it says nothing within 5 s.
   */
  async of({ sha256, descriptor }: MeasuredExecutable, account: Account): Promise<string | undefined> {
    const known = this.#bySha256.get(sha256);
    if (known !== undefined) return known;
    const said = await this.#ask(descriptor, account);
    if (said === undefined) return undefined;
    if (this.#bySha256.size >= MAX_REMEMBERED) this.#bySha256.clear();
    this.#bySha256.set(sha256, said);
    return said;
  }

  async #ask(descriptor: number, { uid, gid }: Account): Promise<string | undefined> {
    const { mode, own } = this.#deps;
    const asking = run(`/proc/self/fd/${descriptor}`, ['--version'], {
      cwd: '/',
      env: {},
      timeout: ANSWER_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_ANSWER_BYTES,
      ...(mode === 'root' && { uid, gid }),
    });
    const { pid = 0 } = asking.child;
    own.add(pid);
    try {
      const { stdout } = await asking;
      return stdout.trim();
    } catch {
      return undefined; // it cannot be asked: its loader, if there is one, is not for an unknown version
    } finally {
      own.delete(pid);
    }
  }
}
