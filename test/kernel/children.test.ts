import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { Children } from '../../src/kernel/children.js';
import { Libc } from '../../src/kernel/libc.js';
import { spawnTypescript } from '../fakes/typescript-process.js';

it('sees a child that has ended without taking it from whoever waits for it', async () => {
  const children = new Children(new Libc());
  const child = spawn('/bin/sh', ['-c', 'exit 7']);
  // Before the event loop hears of it.
  const end = performance.now() + 5_000;
  let peeked: number | undefined;
  while (peeked === undefined && performance.now() < end) peeked = children.peekEnded();
  expect([peeked, children.peekEnded()]).toEqual([child.pid, child.pid]);
  expect(await once(child, 'exit')).toEqual([7, null]);
});

it('adopts and reaps the orphans of what it started', async () => {
  const adopter = new URL('../fakes/adopter.ts', import.meta.url);
  const child = spawnTypescript(adopter, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { orphan, parent, gone } = JSON.parse(await text(child.stdout!)) as {
    orphan: number;
    parent: number;
    gone: boolean;
  };
  expect({ parent, gone }).toEqual({ parent: child.pid, gone: true });
  expect(existsSync(`/proc/${orphan}`)).toBe(false);
});
