import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SPOORD = new URL('../../dist/cli/spoord.js', import.meta.url).pathname;
const HERE = import.meta.dirname;

export type Program = 'node' | 'perl';

/** A folder, and in it a daemon with an entry for each program, which names this user, its path and its digest. */
export class BenchDaemon implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'spoor-bench-'));
  readonly socket = join(this.folder, 'agent.sock');
  readonly adminSocket = join(this.folder, 'admin.sock');
  readonly #settings: string;
  /** By program; a digest of Node.js takes a tenth of a second. */
  readonly #selectors: ReadonlyMap<Program, readonly string[]>;
  #child: ChildProcess | undefined;

  constructor(settings = '', programs: readonly Program[] = ['node']) {
    this.#settings = settings;
    this.#selectors = new Map(programs.map((program) => [program, selectorsOf(program)]));
    mkdirSync(join(this.folder, 'entries.d'));
    writeFileSync(join(this.folder, 'entries.d', 'bench.yaml'), this.#entries('bench'));
    writeFileSync(
      join(this.folder, 'spoor.yaml'),
      `trust_domain: bench.test\nlog: {level: error}\n${this.#settings}`,
    );
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      SPIFFE_ENDPOINT_SOCKET: `unix://${this.socket}`,
      SPOOR_ADMIN_SOCKET: this.adminSocket,
    };
  }

  /** Takes: `flags` — more of them, e.g. `--http`. */
  spawn(...flags: readonly string[]): void {
    const own = ['--config', join(this.folder, 'spoor.yaml'), '--state', join(this.folder, 'state')];
    const sockets = ['--socket', this.socket, '--admin-socket', this.adminSocket];
    this.#child = spawn(process.execPath, ['--disable-sigusr1', SPOORD, ...own, ...sockets, ...flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /** Spawns it and waits until it has answered. */
  async start(...flags: readonly string[]): Promise<void> {
    await using waiting = new Script('first-answer.ts', this.socket);
    await waiting.line();
    this.spawn(...flags);
    await waiting.next();
  }

  async stop(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  writeEntry(path: string): void {
    writeFileSync(join(this.folder, 'entries.d', 'bench.yaml'), this.#entries(path));
  }

  #entries(path: string): string {
    const entries = [...this.#selectors].map(
      ([id, selectors]) =>
        `  - {id: ${id}, spiffe_id: "spiffe://bench.test/${path}", selectors: ${JSON.stringify(selectors)}}\n`,
    );
    return `entries:\n${entries.join('')}`;
  }

  residentKb(): number {
    return residentKb(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function executableOf(program: Program): string {
  if (program === 'node') return realpathSync(process.execPath);
  return realpathSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim());
}

function selectorsOf(program: Program): readonly string[] {
  const executable = executableOf(program);
  const sha256 = createHash('sha256').update(readFileSync(executable)).digest('hex');
  return [`unix:uid:${process.getuid?.()}`, `unix:path:${executable}`, `unix:sha256:${sha256}`];
}

/** A running script of this folder that tells results in lines of JSON. */
export class Script implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, ...args: readonly (string | number)[]) {
    this.child = spawn(process.execPath, [join(HERE, name), ...args.map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
  }

  /** Its next result. */
  async next<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the script ended without a result');
    return JSON.parse(value) as T;
  }

  async line(): Promise<void> {
    await this.#lines.next();
  }

  /** Closes its standard input, which asks it to end. */
  end(): void {
    this.child.stdin?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

/** Runs one task of the load client and gives its one result. */
export async function load<T>(
  task: string,
  socket: string,
  ...more: readonly (number | string)[]
): Promise<T> {
  await using client = new Script('load-client.ts', task, socket, ...more);
  return await client.next<T>();
}

/** grpc-js alone on a socket, as the floor of the same client. */
export async function startFloor(
  folder: string,
): Promise<{ readonly socket: string; readonly script: Script }> {
  const socket = join(folder, `floor-${process.hrtime.bigint()}.sock`);
  const script = new Script('floor-server.ts', socket);
  await script.line();
  return { socket, script };
}
