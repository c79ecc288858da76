import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync, writeSync } from 'node:fs';
import { openKernel } from '../../src/kernel/kernel.js';
import { ReadinessSet } from '../../src/kernel/readiness.js';
import { rowsAndColumns, Terminals, terminalSize, type PseudoTerminal } from '../../src/kernel/terminal.js';

const kernel = openKernel();
const terminals = new Terminals(kernel.libc);

/** A terminal that somebody sits at: what is shown on it is kept, and what they type goes in. */
export class TestTerminal implements AsyncDisposable {
  readonly #pty: PseudoTerminal = terminals.open();
  readonly #readiness = new ReadinessSet(kernel.libc);
  readonly #shown: Buffer[] = [];
  #children: ChildProcess[] = [];
  #wake: () => void = () => {};

  constructor() {
    this.resize(24, 80);
    const buffer = Buffer.alloc(65_536);
    this.#readiness.add(this.#pty.master, () => {
      this.#shown.push(Buffer.from(buffer.subarray(0, readSync(this.#pty.master, buffer))));
      setImmediate(() => this.#wake());
    });
  }

  /** Starts a program for which this is the controlling terminal. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const { slave } = this.#pty;
    const child = spawn('setsid', ['--ctty', command, ...args], { stdio: [slave, slave, slave], env });
    this.#children.push(child);
    return child;
  }

  get descriptor(): number {
    return this.#pty.slave;
  }

  /** All that was shown so far. */
  get shown(): Buffer {
    return Buffer.concat(this.#shown);
  }

  /** How the terminal treats what passes. */
  get mode(): Buffer | undefined {
    return terminals.mode(this.#pty.slave);
  }

  /** Waits until `text` is shown, and forgets all up to its end. */
  async until(text: string): Promise<string> {
    for (;;) {
      const all = this.shown;
      const at = all.indexOf(text, 0, 'latin1');
      if (at !== -1) {
        this.#shown.splice(0, Infinity, all.subarray(at + text.length));
        return all.toString('latin1', 0, at);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Waits until so many bytes are shown. */
  async untilBytes(count: number): Promise<Buffer> {
    let length = 0;
    for (;;) {
      length = this.#shown.reduce((sum, piece) => sum + piece.length, 0);
      if (length >= count) return this.shown;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Types as fast as the terminal takes it. */
  async type(text: string | Buffer): Promise<void> {
    let left = Buffer.from(text);
    while (left.length > 0) {
      try {
        left = left.subarray(writeSync(this.#pty.writer, left));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await new Promise<void>((resolve) => {
          this.#readiness.addWriter(this.#pty.writer, () => {
            this.#readiness.delete(this.#pty.writer);
            setImmediate(resolve);
          });
        });
      }
    }
  }

  resize(rows: number, columns: number): void {
    terminals.resize(this.#pty.master, terminalSize(rows, columns));
  }

  get size(): { readonly rows: number; readonly columns: number } {
    return rowsAndColumns(terminals.size(this.#pty.slave)!);
  }

  /** What a terminal window does when it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#readiness[Symbol.dispose]();
    const running = this.#children.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(running.map((child) => once(child, 'exit')));
    for (const fd of [this.#pty.master, this.#pty.writer, this.#pty.slave]) closeSync(fd);
  }
}
