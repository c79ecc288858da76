import { closeSync, readSync } from 'node:fs';
import type { FileIdentity, FileStatus } from '../kernel/file-status.js';
import type { ProcFolder } from '../kernel/proc-folder.js';
import { readExecutionStat, type ExecutionStat } from './execution-stat.js';
import type { Standing } from './process.js';

const STAT_BYTES = 1024;
const EXE = Buffer.from('exe\0');

/** By what one execution of a process is known again, also by a later daemon. */
export interface ExecutionMarks {
  /** Addresses, drawn anew at each exec. Source: proc_pid_stat(5). */
  readonly startStack: number;
  readonly argStart: number;
  readonly envStart: number;
  /** Undefined where its executable may not be looked at. */
  readonly executable: FileIdentity | undefined;
}

/**
 * What tells one execution of one process from another: its stat (start, stack, arguments), its address space,
 * its executable and its effective user. Holds two descriptors, so that each look is three short reads.
 *
 * An exec that is meant to be noticed is noticed; a process that forges its own marks deceives only about
 * itself (decision 3).
 *
 * Source: proc_pid_stat(5), proc_pid_maps(5), proc_pid_exe(5).
 */
export class ProcessMarks implements Disposable {
  readonly #folder: ProcFolder;
  readonly #files: FileStatus;
  readonly #stat: number;
  readonly #maps: number | undefined;
  readonly #bytes = Buffer.alloc(STAT_BYTES);
  readonly first: ExecutionStat;
  readonly executable: FileIdentity | undefined;
  readonly owner: { readonly uid: number; readonly gid: number };

  /**
   * Takes the first look.
   *
   * Errors: those of node:fs when the process is gone, or when it exits meanwhile.
   */
  constructor(folder: ProcFolder, files: FileStatus) {
    this.#folder = folder;
    this.#files = files;
    this.owner = folder.owner();
    this.#stat = folder.openFile('stat');
    try {
      this.#maps = openIfAllowed(folder, 'maps');
    } catch (error) {
      closeSync(this.#stat);
      throw error;
    }
    try {
      this.first = this.#readStat();
      this.executable = files.identity(folder.descriptor, EXE);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** False for a process that this one may not look into: then an exec that keeps its user is not noticed. */
  get seesAddressSpace(): boolean {
    return this.#maps !== undefined;
  }

  /** Looks again. Never throws. */
  compare(): Standing {
    try {
      const stat = this.#readStat();
      if (stat.exited) return 'gone';
      const same = sameExecution(this.first, stat) && this.#sameAddressSpace() && this.#sameFile();
      return same && this.#sameOwner() ? 'same' : 'changed';
    } catch {
      // The folder is bound to the process: what can no longer be read there is no longer there.
      return 'gone';
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#stat);
    if (this.#maps !== undefined) closeSync(this.#maps);
  }

  #readStat(): ExecutionStat {
    return readExecutionStat(this.#bytes, readSync(this.#stat, this.#bytes, 0, STAT_BYTES, 0));
  }

  /** A descriptor of maps is bound to one address space: after exec or exit it reads as empty. */
  #sameAddressSpace(): boolean {
    return this.#maps === undefined || readSync(this.#maps, this.#bytes, 0, 1, 0) === 1;
  }

  /** A process may bar looks at it later on (PR_SET_DUMPABLE); that alone is no change. */
  #sameFile(): boolean {
    const before = this.executable;
    const now = this.#files.identity(this.#folder.descriptor, EXE);
    if (now === undefined) return true;
    return before !== undefined && now.inode === before.inode && now.device === before.device;
  }

  #sameOwner(): boolean {
    const { uid, gid } = this.#folder.owner();
    return uid === this.owner.uid && gid === this.owner.gid;
  }
}

/** Addresses read as 0 for a process that may not be looked into; that alone is no change. */
function sameExecution(first: ExecutionStat, now: ExecutionStat): boolean {
  if (first.startTicks !== now.startTicks) return false;
  if (now.startStack === 0) return true;
  return (
    first.startStack === now.startStack && first.argStart === now.argStart && first.envStart === now.envStart
  );
}

function openIfAllowed(folder: ProcFolder, name: string): number | undefined {
  try {
    return folder.openFile(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}
