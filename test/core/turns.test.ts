import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/core/turns.js';

describe('Turns', () => {
  it('does one thing after the other, also after one that failed', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const first = turns.take(async () => {
      log.push('first begins');
      await nextTurn();
      log.push('first ends');
      throw new Error('in vain');
    });
    const second = turns.take(() => {
      log.push('second');
      return 2;
    });
    await expect(first).rejects.toThrow('in vain');
    expect(await second).toBe(2);
    expect(log).toEqual(['first begins', 'first ends', 'second']);
  });
});
