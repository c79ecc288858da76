import { closeSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Credentials } from '../kernel/peer-credentials.js';
import { ProcFolder } from '../kernel/proc-folder.js';
import { ReadinessSet } from '../kernel/readiness.js';
import type { DescriptorBudget } from './descriptor-budget.js';
import { userNamespaceOf } from '../kernel/user-namespace.js';
import { IdleProcesses } from './idle-processes.js';
import { KeptProcess, DESCRIPTORS_PER_PROCESS } from './kept-process.js';
import type { MeasuredProcess } from './process.js';

export type { KeptProcess } from './kept-process.js';

export interface ProcessTableDeps {
  readonly kernel: Kernel;
  readonly budget: DescriptorBudget;
  /** Called once for each process that leaves the table: it exited, became another one, or made room. */
  readonly gone?: (process: MeasuredProcess) => void;
}

/**
 * Every process that is connected, measured once and then kept: its descriptors stay open and are counted, so
 * that a second connection costs one look and no number can be reused under us. A process without connections
 * stays until it exits or makes room, so that it is the same instance when it comes back.
 *
 * Source: decisions 3 and 6.
 */
export class ProcessTable implements Disposable {
  readonly #deps: ProcessTableDeps;
  readonly #userNamespace: string | undefined;
  readonly #exits: ReadinessSet;
  readonly #byPid = new Map<number, KeptProcess>();
  readonly #all = new Set<KeptProcess>();
  readonly #idle = new IdleProcesses();

  constructor(deps: ProcessTableDeps) {
    this.#deps = deps;
    this.#exits = new ReadinessSet(deps.kernel.libc);
    this.#exits.unref();
    using self = ProcFolder.open(process.pid);
    this.#userNamespace = userNamespaceOf(self);
  }

  /** How many processes are held, with and without connections. */
  get size(): number {
    return this.#all.size;
  }

  /** The descriptors that are held here and at the door. */
  get budget(): DescriptorBudget {
    return this.#deps.budget;
  }

  /**
   * The process with these credentials, measured now; the same object for the same execution. Counted: each
   * acquire wants its release.
   *
   * Takes:  `pidfd` of the peer where the kernel gives one, undefined where it does not. It is ours from now on.
   * Errors: PEER_UNKNOWN when the process is gone, or changed its user since it connected;
   *         RATE_EXCEEDED when its uid, or all together, hold too many descriptors.
   */
  acquire(credentials: Credentials, pidfd: number | undefined): KeptProcess {
    const named = pidfd ?? this.#deps.kernel.pidfds.open(credentials.pid);
    if (named === undefined) throw unknown(credentials, 'it has exited');
    try {
      const known = this.#known(credentials, named);
      if (known !== undefined) closeSync(named);
      return this.#count(known ?? this.#measure(credentials, named));
    } catch (error) {
      closeSync(named);
      throw error;
    }
  }

  /**
   * A process by its number, for `explain`. Counted as well.
   *
   * Errors: PROCESS_NOT_FOUND when there is none, RATE_EXCEEDED as `acquire`.
   */
  acquirePid(pid: number): KeptProcess {
    try {
      using folder = ProcFolder.open(pid);
      return this.acquire({ pid, ...folder.owner() }, undefined);
    } catch (error) {
      if (error instanceof SpoorError && error.code !== 'PEER_UNKNOWN') throw error;
      throw new SpoorError('PROCESS_NOT_FOUND', `no process has the number ${pid}`, {
        facts: { pid },
        cause: error,
      });
    }
  }

  /** Gives back one acquire. The last one leaves the process idle, or removes it when it is no longer what it was. */
  release(process: MeasuredProcess): void {
    const kept = process as KeptProcess;
    if (!this.#all.has(kept) || kept.users === 0) return;
    kept.users--;
    if (kept.users > 0) return;
    if (this.#byPid.get(kept.pid) === kept && kept.standing() === 'same') {
      for (const evicted of this.#idle.add(kept)) this.#remove(evicted);
    } else {
      this.#remove(kept);
    }
  }

  [Symbol.iterator](): IterableIterator<KeptProcess> {
    return this.#all.values();
  }

  [Symbol.dispose](): void {
    for (const kept of this.#all) this.#remove(kept);
    this.#exits[Symbol.dispose]();
  }

  #known(credentials: Credentials, pidfd: number): KeptProcess | undefined {
    // The number may belong to somebody else by now; then the one that connected has exited.
    if (this.#deps.kernel.pidfds.hasExited(pidfd)) throw unknown(credentials, 'it has exited');
    const known = this.#byPid.get(credentials.pid);
    if (known === undefined) return undefined;
    if (known.standing() === 'same' && known.uid === credentials.uid && known.gid === credentials.gid)
      return known;
    this.#retire(known);
    return undefined;
  }

  #count(kept: KeptProcess): KeptProcess {
    this.#idle.delete(kept);
    kept.users++;
    return kept;
  }

  #measure(credentials: Credentials, pidfd: number): KeptProcess {
    this.#reserve(credentials.uid);
    try {
      const kept = KeptProcess.measure(credentials, pidfd, this.#deps.kernel, this.#userNamespace);
      this.#all.add(kept);
      this.#byPid.set(kept.pid, kept);
      this.#exits.add(pidfd, () => {
        this.#retire(kept);
      });
      return kept;
    } catch (error) {
      this.#deps.budget.give(credentials.uid, DESCRIPTORS_PER_PROCESS);
      throw error;
    }
  }

  /** Takes descriptors for one more process; those that idle make room, first of the same uid, then of all. */
  #reserve(uid: number): void {
    const { budget } = this.#deps;
    for (;;) {
      const answer = budget.take(uid, DESCRIPTORS_PER_PROCESS);
      if (answer === 'taken') return;
      const evicted = answer === 'exhausted' ? this.#idle.oldest() : this.#idle.oldestOf(uid);
      if (evicted === undefined) {
        throw new SpoorError('RATE_EXCEEDED', 'too many descriptors are in use', {
          facts: { uid, limit: answer },
        });
      }
      this.#idle.delete(evicted);
      this.#remove(evicted);
    }
  }

  /** It is no longer what it was: nobody new gets it, and it goes with its last user. */
  #retire(kept: KeptProcess): void {
    if (this.#byPid.get(kept.pid) === kept) this.#byPid.delete(kept.pid);
    this.#exits.delete(kept.pidfd);
    this.#idle.delete(kept);
    if (kept.users === 0) this.#remove(kept);
  }

  #remove(kept: KeptProcess): void {
    if (!this.#all.delete(kept)) return;
    if (this.#byPid.get(kept.pid) === kept) this.#byPid.delete(kept.pid);
    this.#exits.delete(kept.pidfd);
    this.#idle.delete(kept);
    kept[Symbol.dispose]();
    this.#deps.budget.give(kept.uid, DESCRIPTORS_PER_PROCESS);
    this.#deps.gone?.(kept);
  }
}

function unknown({ pid, uid }: Credentials, why: string): SpoorError {
  return new SpoorError('PEER_UNKNOWN', `the process that connected cannot be known: ${why}`, {
    facts: { pid, uid },
  });
}
