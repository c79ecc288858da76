import { closeSync } from 'node:fs';
import type { ReadinessSet } from '../../kernel/readiness.js';
import type { PseudoTerminal, Terminals } from '../../kernel/terminal.js';
import { Pump } from './pump.js';

/** Descriptors of one's own terminal. */
export interface OwnTerminal {
  readonly shownOn: number;
  /** Undefined where nothing is typed: then it is not made raw, and Ctrl-C is a signal to this process. */
  readonly typedOn: number | undefined;
}

/**
 * A terminal for the program in place of one's own: what is typed here is typed there, and what is shown there is shown
 * here, byte by byte. One's own terminal is raw meanwhile, and is given back as it was.
 *
 * The program's end of it stays open here too, so that it is never hung up before this process ends: then it is.
 */
export class TerminalRelay implements Disposable {
  readonly #terminals: Terminals;
  readonly #own: OwnTerminal;
  readonly #pty: PseudoTerminal;
  readonly #mode: Buffer | undefined;
  /** One's own terminal, opened once more: so it can be non-blocking for us alone. Where it may not be, it blocks. */
  readonly #screen: number;
  readonly #output: Pump;
  readonly #input: Pump | undefined;
  readonly #restore = (): void => this.giveBack();
  #started = false;
  #closed = false;

  private constructor(terminals: Terminals, readiness: ReadinessSet, own: OwnTerminal) {
    this.#terminals = terminals;
    this.#own = own;
    this.#pty = terminals.open();
    this.#mode = own.typedOn === undefined ? undefined : terminals.mode(own.typedOn);
    this.#screen = terminals.reopen(`/proc/self/fd/${own.shownOn}`, true) ?? own.shownOn;
    this.#output = new Pump(readiness, this.#pty.master, this.#screen);
    this.#input = own.typedOn === undefined ? undefined : new Pump(readiness, own.typedOn, this.#pty.writer);
    this.fit();
    // One's own terminal then still treats what is shown on it, and once is enough.
    if (this.#input === undefined) terminals.setRaw(this.#pty.slave);
  }

  /** Opens a terminal for the program, which is not yet connected with one's own. Errors: KERNEL_UNSUPPORTED. */
  static open(terminals: Terminals, readiness: ReadinessSet, own: OwnTerminal): TerminalRelay {
    return new TerminalRelay(terminals, readiness, own);
  }

  /** For the program. */
  get slave(): number {
    return this.#pty.slave;
  }

  start(): void {
    this.#started = true;
    process.once('exit', this.#restore);
    this.takeOver();
    this.#output.start();
    this.#input?.start();
  }

  /** Gives the program's terminal the size of one's own. */
  fit(): void {
    const size = this.#terminals.size(this.#own.shownOn);
    if (size !== undefined && !this.#closed) this.#terminals.resize(this.#pty.master, size);
  }

  /** Makes one's own terminal raw. */
  takeOver(): void {
    if (this.#own.typedOn !== undefined && !this.#closed) this.#terminals.setRaw(this.#own.typedOn);
    this.fit();
  }

  /** Makes one's own terminal as it was. */
  giveBack(): void {
    const { typedOn } = this.#own;
    if (!this.#started || typedOn === undefined || this.#mode === undefined) return;
    this.#terminals.setMode(typedOn, this.#mode);
  }

  /** Shows what the program has left to be shown. */
  async drain(): Promise<void> {
    if (!this.#closed) await this.#output.drain();
  }

  /** Gives one's own terminal back, and hangs up the program's. Shows nothing more. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#output[Symbol.dispose]();
    this.#input?.[Symbol.dispose]();
    this.giveBack();
    process.off('exit', this.#restore);
    closeSync(this.#pty.master);
    closeSync(this.#pty.writer);
    closeSync(this.#pty.slave);
    if (this.#screen !== this.#own.shownOn) closeSync(this.#screen);
  }
}
