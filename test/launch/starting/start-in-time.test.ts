import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startStage2 } from '../../../src/launch/starting/starter.js';

const ORDER = { cgroups: [], terminal: false, limits: [], cwd: ['/'], umask: 0, argv: [], env: [] };

it('kills a process that does not become the program in time, since others may have stopped it', async () => {
  const executable = openSync('/bin/true', 'r');
  const own = new Set<number>();
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const stopped = ['/bin/sh', '-c', 'kill -STOP $$'];
  const starting = await startStage2(stopped, { stdio, executable }, own, 100);
  await expect(starting.execute(ORDER)).rejects.toMatchObject({ code: 'LAUNCH_FAILED' });
  expect(await starting.ended).toEqual({ signal: 'SIGKILL' });
  expect(own.size).toBe(0);
  closeSync(executable);
});
