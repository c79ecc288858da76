import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { spawnTypescript } from '../../fakes/typescript-process.js';

it('reaps orphans at once, and leaves every child of its own to whoever waits for it', async () => {
  const reaping = new URL('../../fakes/reaping.ts', import.meta.url);
  const child = spawnTypescript(reaping, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  expect(JSON.parse(await text(child.stdout!))).toEqual({
    codes: Array.from({ length: 5 }, () => 7),
    left: [],
    listeners: 0,
  });
});
