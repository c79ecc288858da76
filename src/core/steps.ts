import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that can be put aside after each step, and gives a result at its end. */
export type Steps<Result> = Generator<void, Result>;

/** So many items are one step: one to three milliseconds of light work. */
const ITEMS_PER_STEP = 1_000;

/** Does all of it at once. */
export function finishAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does it step by step, and lets everybody else work in between. */
export async function finishInSlices<Result>(steps: Steps<Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

/** Calls `work` with each item, in steps. */
export function* forEachInSteps<Item>(items: Iterable<Item>, work: (item: Item) => void): Steps<void> {
  let count = 0;
  for (const item of items) {
    work(item);
    count += 1;
    if (count % ITEMS_PER_STEP === 0) yield;
  }
}
