import { SpoorError } from '../core/errors.js';
import { errnoName, type Libc } from './libc.js';

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
// The same numbers on both architectures; asm-generic/ioctls.h.
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const TCSADRAIN = 1;
const F_DUPFD_CLOEXEC = 1030;
/** struct termios of glibc and musl has 60 bytes. */
const TERMIOS_BYTES = 64;
const MAX_NAME_BYTES = 64;

/** Characters and, where known, pixels: a struct winsize as the kernel has it. */
export type TerminalSize = Buffer;

/** The two ends of a new terminal. Both are close-on-exec, and of neither it becomes the controlling one. */
export interface PseudoTerminal {
  /** Non-blocking: what a person would see is read here, what they would type is written here. */
  readonly master: number;
  /** The same end once more, to be waited for by itself. */
  readonly writer: number;
  /** For the program. */
  readonly slave: number;
  readonly path: string;
}

/**
 * Makes terminals, and sets those that are there.
 *
 * Source: pty(7), posix_openpt(3), ptsname_r(3), termios(3), ioctl_tty(2).
 */
export class Terminals {
  readonly #libc: Libc;
  readonly #openpt: (flags: number) => number;
  readonly #grantpt: (master: number) => number;
  readonly #unlockpt: (master: number) => number;
  readonly #ptsname: (master: number, name: Buffer, length: number) => number;
  readonly #open: (path: string, flags: number) => number;
  readonly #close: (fd: number) => number;
  readonly #fcntl: (fd: number, command: number, least: number) => number;
  readonly #ioctl: (fd: number, request: number, argument: Buffer) => number;
  readonly #tcgetattr: (fd: number, mode: Buffer) => number;
  readonly #tcsetattr: (fd: number, when: number, mode: Buffer) => number;
  readonly #cfmakeraw: (mode: Buffer) => number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#openpt = libc.declare('int posix_openpt(int)');
    this.#grantpt = libc.declare('int grantpt(int)');
    this.#unlockpt = libc.declare('int unlockpt(int)');
    this.#ptsname = libc.declare('int ptsname_r(int, void*, size_t)');
    this.#open = libc.declare('int open(const char*, int)');
    this.#close = libc.declare('int close(int)');
    this.#fcntl = libc.declare('int fcntl(int, int, int)');
    this.#ioctl = libc.declare('int ioctl(int, ulong, void*)');
    this.#tcgetattr = libc.declare('int tcgetattr(int, void*)');
    this.#tcsetattr = libc.declare('int tcsetattr(int, int, void*)');
    this.#cfmakeraw = libc.declare('void cfmakeraw(void*)');
  }

  /** Errors: KERNEL_UNSUPPORTED where there are no terminals, or no more of them. */
  open(): PseudoTerminal {
    const master = this.#openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master < 0) throw this.#failure('posix_openpt');
    try {
      if (this.#grantpt(master) < 0) throw this.#failure('grantpt');
      if (this.#unlockpt(master) < 0) throw this.#failure('unlockpt');
      const path = this.#pathOf(master);
      const slave = this.reopen(path);
      if (slave === undefined) throw this.#failure('open');
      const writer = this.#fcntl(master, F_DUPFD_CLOEXEC, 0);
      if (writer >= 0) return { master, writer, slave, path };
      this.#close(slave);
      throw this.#failure('fcntl');
    } catch (error) {
      this.#close(master);
      throw error;
    }
  }

  /**
   * Opens a terminal once more, for reading and writing.
   *
   * Takes:   `path` of its own or `/proc/self/fd/N`; with `nonBlocking` nobody else who has it open is affected.
   * Returns: undefined when it may not be opened; `errno` is then set.
   */
  reopen(path: string, nonBlocking = false): number | undefined {
    const fd = this.#open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0));
    return fd < 0 ? undefined : fd;
  }

  /** Undefined when `fd` is no terminal. */
  size(fd: number): TerminalSize | undefined {
    const size = Buffer.alloc(8);
    return this.#ioctl(fd, TIOCGWINSZ, size) === 0 ? size : undefined;
  }

  /** The kernel sends SIGWINCH to the program in its foreground, if that changes anything. */
  resize(fd: number, size: TerminalSize): void {
    if (this.#ioctl(fd, TIOCSWINSZ, size) < 0) throw this.#failure('ioctl');
  }

  /** How it treats what passes, to be set again later; undefined when `fd` is no terminal. */
  mode(fd: number): Buffer | undefined {
    const mode = Buffer.alloc(TERMIOS_BYTES);
    return this.#tcgetattr(fd, mode) === 0 ? mode : undefined;
  }

  /** Sets a mode that `mode` gave. Whatever was written before goes out first. False when that failed. */
  setMode(fd: number, mode: Buffer): boolean {
    return this.#tcsetattr(fd, TCSADRAIN, mode) === 0;
  }

  /** Passes every byte as it is, both ways. */
  setRaw(fd: number): boolean {
    const mode = this.mode(fd);
    if (mode === undefined) return false;
    this.#cfmakeraw(mode);
    return this.setMode(fd, mode);
  }

  #pathOf(master: number): string {
    const name = Buffer.alloc(MAX_NAME_BYTES);
    // It returns the error number, and does not set errno.
    if (this.#ptsname(master, name, name.length) !== 0) throw this.#failure('ptsname_r');
    return name.toString('utf8', 0, name.indexOf(0));
  }

  #failure(call: string): SpoorError {
    const errno = errnoName(this.#libc.errno());
    return new SpoorError('KERNEL_UNSUPPORTED', `no terminal can be made: ${call} failed with ${errno}`);
  }
}

/** Rows and columns, for people and tests. */
export function rowsAndColumns(size: TerminalSize): { readonly rows: number; readonly columns: number } {
  return { rows: size.readUInt16LE(0), columns: size.readUInt16LE(2) };
}

/** A size in characters. */
export function terminalSize(rows: number, columns: number): TerminalSize {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  return size;
}
