import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

const O_PATH = 0o10000000;
const READ_BYTES = 65_536;

/**
 * The folder /proc/PID of one process, held open. It names the process and not its number: once that process
 * is gone every look fails, whoever has the number by then.
 *
 * Shape:  names are relative, e.g. `status`, `exe`, `ns/user`; they are ours, never a caller's.
 * Errors: those of node:fs. ENOENT and ESRCH: the process is gone; EACCES: it may not be looked at.
 * Source: proc(5).
 */
export class ProcFolder implements Disposable {
  readonly pid: number;
  /** For calls that take an open folder. Closed with this object. */
  readonly descriptor: number;
  #closed = false;

  private constructor(pid: number, descriptor: number) {
    this.pid = pid;
    this.descriptor = descriptor;
  }

  static open(pid: number): ProcFolder {
    return new ProcFolder(pid, openSync(`/proc/${pid}`, O_PATH | constants.O_DIRECTORY));
  }

  /** The first 64 KB of a file. */
  readText(name: string): string {
    const fd = this.openFile(name);
    try {
      const bytes = Buffer.allocUnsafe(READ_BYTES);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(fd, bytes, length, bytes.length - length, null);
      }
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  }

  readLink(name: string): string {
    return readlinkSync(`${this.path}/${name}`);
  }

  list(name: string): string[] {
    return readdirSync(`${this.path}/${name}`);
  }

  /** Opens for reading; the caller closes. `exe` gives the very file that runs, also when its path is gone. */
  openFile(name: string): number {
    return openSync(`${this.path}/${name}`, constants.O_RDONLY);
  }

  /** Effective uid and gid at this moment: the folder itself belongs to them, dumpable or not. */
  owner(): { readonly uid: number; readonly gid: number } {
    const { uid, gid } = fstatSync(this.descriptor);
    return { uid, gid };
  }

  /** A path that leads there through the held descriptor, for this process only: `/proc/self/fd/31`. */
  get path(): string {
    return `/proc/self/fd/${this.descriptor}`;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.descriptor);
  }
}
