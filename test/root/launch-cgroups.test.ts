import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LaunchCgroup } from '../../src/instances/launched.js';
import { enrolmentFile, LaunchCgroups } from '../../src/launch/starting/cgroups.js';
import { CgroupMounts } from '../../src/measurement/cgroup-mounts.js';
import { startChild } from '../fakes/child-process.js';

const cgroups = new LaunchCgroups(new CgroupMounts());

function made(): LaunchCgroup {
  const outcome = cgroups.make(randomBytes(16).toString('hex'));
  if ('failure' in outcome) throw new Error(outcome.failure);
  return outcome;
}

describe('the cgroup of a launched program', () => {
  it('is below the daemon’s own, and holds whoever enrols there and what that starts', async () => {
    const cgroup = made();
    await using shell = await startChild('/bin/sh', ['-c', 'read line; sleep 600 & echo $!; wait']);
    writeFileSync(enrolmentFile(cgroup), String(shell.pid));
    shell.tell('go on');
    const below = await shell.line();
    for (const pid of [shell.pid, below]) {
      const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
      expect(lines.some((line) => line.endsWith(`:${cgroup.path}`))).toBe(true);
    }
    expect(statSync(cgroup.folder).ino).toBe(cgroup.inode);
    expect(cgroups.remove(cgroup)).toBe(false);
    const exited = once(shell.child, 'exit');
    cgroups.kill(cgroup);
    expect(await exited).toEqual([null, 'SIGKILL']);
    await expect.poll(() => cgroups.remove(cgroup)).toBe(true);
    expect(statSync(cgroup.folder, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('is gone when somebody removed it, and another one in its place is not touched', () => {
    const cgroup = made();
    rmdirSync(cgroup.folder);
    expect(cgroups.remove(cgroup)).toBe(true);
    mkdirSync(cgroup.folder);
    expect(cgroups.remove({ ...cgroup, inode: cgroup.inode + 1_000_000 })).toBe(true);
    expect(statSync(cgroup.folder).isDirectory()).toBe(true);
    rmdirSync(cgroup.folder);
  });

  it('is not made twice, and the failure says where', () => {
    const cgroup = made();
    const again = cgroups.make(cgroup.folder.slice(cgroup.folder.lastIndexOf('spoor-') + 'spoor-'.length));
    if ('failure' in again)
      expect(again.failure).toContain(`no cgroup could be made: ${cgroup.folder} (EEXIST)`);
    else expect(again.hierarchy).not.toBe(cgroup.hierarchy);
    for (const each of 'failure' in again ? [cgroup] : [cgroup, again]) cgroups.remove(each);
  });
});
