import { closeSync, openSync, readSync } from 'node:fs';
import type { Clock } from '../core/clock.js';
import type { Digests } from './digests.js';
import type { Executable } from './executable.js';
import { readExecutionStat, type ExecutionStat } from './execution-stat.js';
import { KeptAncestor } from './kept-ancestor.js';

/** Further up nobody looks: a tree this deep is made to hide something, and what is not seen gives no selector. */
export const MAX_ANCESTORS = 32;
/** Descriptors that are kept. Most processes of a node have the same few ancestors. */
const MAX_KEPT = 64;
/** An ancestor that ends or hands its children on while it is looked at makes us begin again, so often. */
const ATTEMPTS = 3;
const STAT_BYTES = 2_048;

/** One process above another. */
export interface Ancestor {
  readonly pid: number;
  readonly startTicks: number;
  readonly executable: Executable;
}

export interface ProcessTreeDeps {
  readonly digests: Digests;
  readonly clock: Clock;
}

/** Whose ancestors are wanted, as it was read a moment ago. */
export interface Descendant {
  /** E.g. `/proc/self/fd/31`. */
  readonly folder: string;
  readonly parentPid: number;
  readonly startTicks: number;
}

type Found = Ancestor | Promise<Ancestor>;
type Born = Pick<ExecutionStat, 'parentPid' | 'startTicks'>;

/** Who stands above whom. Keeps the ancestors that it has met, so that a number used again is noticed. */
export class ProcessTree implements Disposable {
  readonly #deps: ProcessTreeDeps;
  readonly #kept = new Map<number, KeptAncestor>();
  readonly #bytes = Buffer.allocUnsafeSlow(STAT_BYTES);

  constructor(deps: ProcessTreeDeps) {
    this.#deps = deps;
  }

  /**
   * The processes above one process, parent first, as far as they can be seen.
   *
   * Each link held while its parent was looked at: a parent that was kept before the child named it, and still
   * lives after that, is the one that the child named; a parent that was opened only then is believed when the
   * child names it once more, since no process gets a parent back that it has lost.
   *
   * Takes:   the process; the caller looks at its standing afterwards.
   * Returns: the ancestors themselves when all digests are known, else a promise. Empty when none can be seen.
   * Errors:  none; what cannot be read of an ancestor is the `problem` of its executable.
   * Source:  proc_pid_stat(5).
   */
  above(process: Descendant): readonly Ancestor[] | Promise<readonly Ancestor[]> {
    const found: Found[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      found.length = 0;
      if (this.#climb(process, attempt === 1, found) === 'top') break;
    }
    return together(found);
  }

  [Symbol.dispose](): void {
    for (const ancestor of this.#kept.values()) ancestor[Symbol.dispose]();
    this.#kept.clear();
  }

  /** `moved`: a link did not hold any more; what was found below it stands. */
  #climb(process: Descendant, isFirst: boolean, found: Found[]): 'top' | 'moved' {
    let lookAtChild = (): Born | undefined => this.#lookAt(`${process.folder}/stat`);
    let child: Born | undefined = isFirst ? process : lookAtChild();
    while (child !== undefined && child.parentPid !== 0 && found.length < MAX_ANCESTORS) {
      const { parentPid, startTicks } = child;
      const isNew = !this.#kept.has(parentPid);
      const parent = this.#keep(parentPid);
      const stat = parent?.look();
      if (isNew && lookAtChild()?.parentPid !== parentPid) return 'moved';
      if (parent === undefined) return 'top';
      // A parent cannot have started after its child.
      if (stat === undefined || stat.startTicks > startTicks) return this.#forget(parent);
      const executable = parent.executable(stat, this.#deps.digests, this.#deps.clock.monotonicMs());
      if (executable === undefined) return this.#forget(parent);
      found.push(ancestorOf(parent.pid, stat, executable));
      lookAtChild = () => parent.look();
      child = stat;
    }
    return 'top';
  }

  #keep(pid: number): KeptAncestor | undefined {
    const ancestor = this.#kept.get(pid) ?? KeptAncestor.open(pid);
    if (ancestor === undefined) return undefined;
    this.#kept.delete(pid);
    this.#kept.set(pid, ancestor);
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.values();
      if (oldest !== undefined) this.#forget(oldest);
    }
    return ancestor;
  }

  #forget(ancestor: KeptAncestor): 'moved' {
    this.#kept.delete(ancestor.pid);
    ancestor[Symbol.dispose]();
    return 'moved';
  }

  #lookAt(file: string): ExecutionStat | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch {
      return undefined; // gone, which the caller notices by its standing
    }
    try {
      return readExecutionStat(this.#bytes, readSync(descriptor, this.#bytes, 0, STAT_BYTES, 0));
    } catch {
      return undefined; // ESRCH: gone as well
    } finally {
      closeSync(descriptor);
    }
  }
}

function ancestorOf(
  pid: number,
  { startTicks }: ExecutionStat,
  executable: Executable | Promise<Executable>,
): Found {
  if (!(executable instanceof Promise)) return { pid, startTicks, executable };
  return executable.then((executable) => ({ pid, startTicks, executable }));
}

function together(found: readonly Found[]): readonly Ancestor[] | Promise<readonly Ancestor[]> {
  const known = found.filter((ancestor): ancestor is Ancestor => !(ancestor instanceof Promise));
  return known.length === found.length
    ? known
    : Promise.all(found.map((ancestor) => Promise.resolve(ancestor)));
}
