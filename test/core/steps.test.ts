import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { finishAtOnce, finishInSlices, forEachInSteps } from '../../src/core/steps.js';

describe('steps', () => {
  it('lets others work between the slices, and gives the same result as at once', async () => {
    const numbers = Array.from({ length: 3_500 }, (_, at) => at);
    function* sum(): Generator<void, number> {
      let total = 0;
      yield* forEachInSteps(numbers, (number) => (total += number));
      return total;
    }
    let finished = false;
    const working = finishInSlices(sum()).finally(() => (finished = true));
    let turns = 0;
    while (!finished) {
      await nextTurn();
      turns += 1;
    }
    expect(await working).toBe(finishAtOnce(sum()));
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
