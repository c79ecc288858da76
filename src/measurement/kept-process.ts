import { closeSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Credentials } from '../kernel/peer-credentials.js';
import { ProcFolder } from '../kernel/proc-folder.js';
import { userNamespaceOf } from '../kernel/user-namespace.js';
import { ProcessMarks, type ExecutionMarks } from './process-marks.js';
import type { MeasuredProcess, Standing } from './process.js';

/** The pidfd, the folder of /proc, stat and maps. */
export const DESCRIPTORS_PER_PROCESS = 4;

/** A process of the table. Its descriptors stay open while it is there. */
export class KeptProcess implements MeasuredProcess, Disposable {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly startTicks: number;
  readonly foreignUserNamespace: boolean;
  readonly folder: string;
  /** Reads below `folder`: what it gives belongs to this process and to no later one. */
  readonly proc: ProcFolder;
  readonly pidfd: number;
  /** False when this daemon may not look into it: then an exec that keeps the user goes unnoticed. */
  readonly seesAddressSpace: boolean;
  /** How many hold it. Kept by the table alone. */
  users = 0;
  readonly #marks: ProcessMarks;
  #closed = false;

  private constructor(
    credentials: Credentials,
    pidfd: number,
    parts: { readonly folder: ProcFolder; readonly marks: ProcessMarks; readonly foreign: boolean },
  ) {
    this.pid = credentials.pid;
    this.uid = credentials.uid;
    this.gid = credentials.gid;
    this.pidfd = pidfd;
    this.proc = parts.folder;
    this.folder = parts.folder.path;
    this.#marks = parts.marks;
    this.startTicks = parts.marks.first.startTicks;
    this.seesAddressSpace = parts.marks.seesAddressSpace;
    this.foreignUserNamespace = parts.foreign;
  }

  /**
   * The first measurement.
   *
   * Takes:  `pidfd`, which becomes the process's own when this returns.
   * Errors: PEER_UNKNOWN when it exited meanwhile, or is no longer of the user that connected.
   */
  static measure(
    credentials: Credentials,
    pidfd: number,
    kernel: Kernel,
    ownUserNamespace: string | undefined,
  ): KeptProcess {
    using opened = new DisposableStack();
    try {
      const folder = opened.use(ProcFolder.open(credentials.pid));
      const marks = opened.use(new ProcessMarks(folder, kernel.files));
      // The folder was opened by number; it is the right one if the process that connected still lives.
      if (kernel.pidfds.hasExited(pidfd) || marks.first.exited) throw unknown(credentials, 'it has exited');
      if (marks.owner.uid !== credentials.uid || marks.owner.gid !== credentials.gid) {
        throw unknown(credentials, 'it changed its user since it connected');
      }
      // What cannot be read is not taken for ours.
      const foreign = ownUserNamespace === undefined || userNamespaceOf(folder) !== ownUserNamespace;
      const kept = new KeptProcess(credentials, pidfd, { folder, marks, foreign });
      opened.move();
      return kept;
    } catch (error) {
      if (error instanceof SpoorError) throw error;
      throw unknown(credentials, 'it has exited', error);
    }
  }

  /** Those of the first measurement. */
  get marks(): ExecutionMarks {
    const { first, executable } = this.#marks;
    const { startStack, argStart, envStart } = first;
    return { startStack, argStart, envStart, executable };
  }

  standing(): Standing {
    return this.#closed ? 'gone' : this.#marks.compare();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#marks[Symbol.dispose]();
    this.proc[Symbol.dispose]();
    closeSync(this.pidfd);
  }
}

function unknown({ pid, uid }: Credentials, why: string, cause?: unknown): SpoorError {
  return new SpoorError('PEER_UNKNOWN', `the process that connected cannot be known: ${why}`, {
    facts: { pid, uid },
    cause,
  });
}
