import type { Digests } from './digests.js';
import { measureExecutable, type Executable } from './executable.js';
import type { KeptStats } from './kept-stats.js';
import type { ExecutionStat } from './execution-stat.js';

/** Further up nobody looks: a tree this deep is made to hide something, and what is not seen gives no selector. */
export const MAX_ANCESTORS = 32;
/** An ancestor that ends or hands its children on while it is looked at makes us begin again, so often. */
const ATTEMPTS = 3;

/** One process above another. */
export interface Ancestor {
  readonly pid: number;
  readonly startTicks: number;
  readonly executable: Executable;
}

export interface ProcessTreeDeps {
  readonly stats: KeptStats;
  readonly digests: Digests;
}

interface Link {
  readonly pid: number;
  readonly stat: ExecutionStat;
}

/**
 * The processes above one process, parent first, as far as they can be seen.
 *
 * Each is the parent of the one before it while it is measured: after everything was read, every link of the
 * chain is looked at again, and what does not hold any more, with everything above it, is left out. A number
 * that was used again is noticed twice over: a dead parent's children get another parent, and a parent cannot
 * have started after its child.
 *
 * Takes:   `pid` of a process whose own standing the caller looks at afterwards.
 * Returns: the ancestors themselves when all digests are known, else a promise. Empty when it cannot be seen.
 * Errors:  none; what cannot be read of an ancestor is the `problem` of its executable.
 * Source:  proc_pid_stat(5).
 */
export function ancestorsOf(
  pid: number,
  deps: ProcessTreeDeps,
): readonly Ancestor[] | Promise<readonly Ancestor[]> {
  for (let attempt = 1; ; attempt++) {
    const chain = chainAbove(pid, deps.stats);
    const ancestors = chain.slice(1).map((link) => measure(link, deps.digests));
    const standing = countStanding(chain, deps.stats);
    if (standing === chain.length || attempt === ATTEMPTS)
      return together(ancestors.slice(0, Math.max(0, standing - 1)));
  }
}

/** The process itself and everything above it, each with what its parent was when it was read. */
function chainAbove(pid: number, stats: KeptStats): readonly Link[] {
  const chain: Link[] = [];
  for (let next = pid; next !== 0 && chain.length <= MAX_ANCESTORS;) {
    const stat = stats.read(next);
    const child = chain.at(-1);
    if (stat === undefined || (child !== undefined && stat.startTicks > child.stat.startTicks)) break;
    chain.push({ pid: next, stat });
    next = stat.parentPid;
  }
  return chain;
}

function measure({ pid, stat }: Link, digests: Digests): Ancestor | Promise<Ancestor> {
  const ancestorWith = (executable: Executable): Ancestor => ({
    pid,
    startTicks: stat.startTicks,
    executable,
  });
  const executable = measureExecutable(`/proc/${pid}`, digests);
  return executable instanceof Promise ? executable.then(ancestorWith) : ancestorWith(executable);
}

/** How many of the chain, from its start, are still what they were and still below the next one. */
function countStanding(chain: readonly Link[], stats: KeptStats): number {
  const broken = chain.findIndex(({ pid, stat }) => {
    const now = stats.read(pid);
    return now?.startTicks !== stat.startTicks || now.parentPid !== stat.parentPid;
  });
  return broken === -1 ? chain.length : broken + 1;
}

function together(
  ancestors: readonly (Ancestor | Promise<Ancestor>)[],
): readonly Ancestor[] | Promise<readonly Ancestor[]> {
  const known = ancestors.filter((ancestor): ancestor is Ancestor => !(ancestor instanceof Promise));
  return known.length === ancestors.length
    ? known
    : Promise.all(ancestors.map((ancestor) => Promise.resolve(ancestor)));
}
