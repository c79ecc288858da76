import { describe, expect, it } from 'vitest';
import { execAttack, type Attack } from '../fakes/exec-attack.js';
import { openTestDoor } from '../fakes/test-door.js';

const TRIES = 50;
const AT_ONCE = 5;

describe('a process that has become another program before it answers the challenge', () => {
  it('is not let in, although its number and its user are the same', async () => {
    await using open = await openTestDoor();
    expect(await execAttack(open.path, 'answers-after')).toBe('refused');
    expect(open.log.fields).toMatchObject([{ reason: 'process-changed' }]);
  });
});

describe('a process that connects, asks, and becomes another program', () => {
  it.each<Attack>(['answers-itself', 'child-answers'])(
    'never gets what belongs to that program in 50 tries: %s',
    async (how) => {
      await using open = await openTestDoor();
      const outcomes: string[] = [];
      for (let round = 0; round < TRIES; round += AT_ONCE) {
        outcomes.push(
          ...(await Promise.all(Array.from({ length: AT_ONCE }, () => execAttack(open.path, how)))),
        );
      }
      expect(outcomes).toHaveLength(TRIES);
      expect(outcomes).not.toContain('won');
      // It is seen: what it became is never taken for what it was.
      const seen = outcomes.filter((outcome) => outcome === 'refused' || outcome === 'seen-through');
      expect(seen.length).toBeGreaterThan(how === 'child-answers' ? TRIES - 1 : 0);
    },
    60_000,
  );
});
