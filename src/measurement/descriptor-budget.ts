/** How many file descriptors the door and the measurement may hold, in all and for one uid. */
export interface BudgetLimits {
  readonly inAll: number;
  readonly perUid: number;
}

/** Whose limit a request would exceed. */
export type BudgetAnswer = 'taken' | 'uid-exhausted' | 'exhausted';

/** Share of RLIMIT_NOFILE that stays free for files, watchers, databases and what else the daemon opens. */
const RESERVE_SHARE = 8;
const MIN_RESERVE = 64;
const UID_SHARE = 4;

/** The default: an eighth in reserve, and no uid more than a quarter. */
export function budgetLimits(descriptorLimit: number): BudgetLimits {
  const reserve = Math.max(MIN_RESERVE, Math.floor(descriptorLimit / RESERVE_SHARE));
  return {
    inAll: Math.max(1, descriptorLimit - reserve),
    perUid: Math.max(1, Math.floor(descriptorLimit / UID_SHARE)),
  };
}

/** Counts descriptors by uid, so that no uid can use up those of the others. */
export class DescriptorBudget {
  readonly limits: BudgetLimits;
  readonly #byUid = new Map<number, number>();
  #inAll = 0;

  constructor(limits: BudgetLimits) {
    this.limits = limits;
  }

  get taken(): number {
    return this.#inAll;
  }

  takenBy(uid: number): number {
    return this.#byUid.get(uid) ?? 0;
  }

  take(uid: number, count: number): BudgetAnswer {
    if (this.takenBy(uid) + count > this.limits.perUid) return 'uid-exhausted';
    if (this.#inAll + count > this.limits.inAll) return 'exhausted';
    this.#byUid.set(uid, this.takenBy(uid) + count);
    this.#inAll += count;
    return 'taken';
  }

  give(uid: number, count: number): void {
    const left = this.takenBy(uid) - count;
    if (left > 0) this.#byUid.set(uid, left);
    else this.#byUid.delete(uid);
    this.#inAll -= count;
  }
}
