import type { KeptProcess } from './kept-process.js';

/** So many processes of one uid, and in all, are remembered without a connection. */
const MAX_IDLE_PER_UID = 256;
const MAX_IDLE = 1024;

/** Processes without a connection, oldest first. */
export class IdleProcesses {
  readonly #inOrder = new Set<KeptProcess>();
  readonly #byUid = new Map<number, Set<KeptProcess>>();

  /** Returns those that make room for it. */
  add(kept: KeptProcess): KeptProcess[] {
    this.#inOrder.add(kept);
    const own = this.#byUid.get(kept.uid) ?? new Set();
    this.#byUid.set(kept.uid, own.add(kept));
    const evicted: KeptProcess[] = [];
    if (own.size > MAX_IDLE_PER_UID) evicted.push(...own.values().take(1));
    else if (this.#inOrder.size > MAX_IDLE) evicted.push(...this.#inOrder.values().take(1));
    for (const old of evicted) this.delete(old);
    return evicted;
  }

  delete(kept: KeptProcess): void {
    if (!this.#inOrder.delete(kept)) return;
    const own = this.#byUid.get(kept.uid);
    own?.delete(kept);
    if (own?.size === 0) this.#byUid.delete(kept.uid);
  }

  oldest(): KeptProcess | undefined {
    return this.#inOrder.values().next().value;
  }

  oldestOf(uid: number): KeptProcess | undefined {
    return this.#byUid.get(uid)?.values().next().value;
  }
}
