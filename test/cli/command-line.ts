import type { CliIo } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';
import type { Clock } from '../../src/core/clock.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

/** What one command left behind. */
export interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Where a test types commands: no terminal, a home and a temporary folder of its own, and an empty environment. */
export class CommandLine implements AsyncDisposable {
  readonly folder: string;
  readonly env: Record<string, string | undefined> = {};
  /** What standard input holds. */
  input = '';
  uid = process.geteuid?.() ?? 0;
  isTerminal = false;
  clock: Clock = new FakeClock('2030-01-01T00:00:00Z');
  readonly stop = new AbortController();
  readonly #folder: AsyncDisposable;

  private constructor(folder: { readonly path: string } & AsyncDisposable) {
    this.folder = folder.path;
    this.#folder = folder;
  }

  static async open(): Promise<CommandLine> {
    return new CommandLine(await temporaryFolder());
  }

  /** Runs one command, and gives what it said. `heard` is called at each piece of output. */
  async run(argv: readonly string[], heard: (text: string) => void = () => {}): Promise<Outcome> {
    const said = { out: '', err: '' };
    const sink = (name: 'out' | 'err'): CliIo['out'] => ({
      isTerminal: this.isTerminal,
      write: (text) => {
        said[name] += text;
        heard(text);
      },
    });
    const exit = await run(argv, {
      out: sink('out'),
      err: sink('err'),
      clock: this.clock,
      facts: { uid: this.uid, home: this.folder, temporary: this.folder, env: this.env },
      readInput: async () => this.input,
      interrupted: () => this.stop.signal,
    });
    return { exit, ...said };
  }

  /** Runs a command with `--output json`, which must work, and gives the value. */
  async json(...argv: readonly string[]): Promise<unknown> {
    const { exit, out, err } = await this.run([...argv, '--output', 'json']);
    if (exit !== 0) throw new Error(`exit code ${exit}: ${err}`);
    return JSON.parse(out);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** A command line and the admin socket that it finds by its environment. */
export async function commandLineFor(admin: { readonly path: string }): Promise<CommandLine> {
  const line = await CommandLine.open();
  line.env['SPOOR_ADMIN_SOCKET'] = admin.path;
  return line;
}
