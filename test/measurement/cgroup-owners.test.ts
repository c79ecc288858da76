import { chmodSync, mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CgroupMounts } from '../../src/measurement/cgroup-mounts.js';
import { CgroupOwners } from '../../src/measurement/cgroup-owners.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

/** Owners over a tree that is mounted, as mountinfo has it, at `mountPoint`. */
async function bench(mountPoint?: string) {
  const folder = await temporaryFolder();
  const clock = new FakeClock('2030-01-01T00:00:00Z');
  const root = mountPoint ?? join(folder.path, 'cgroup');
  if (mountPoint === undefined) mkdirSync(root);
  const mountinfo = join(folder.path, 'mountinfo');
  writeFileSync(mountinfo, `31 23 0:26 / ${root} rw - cgroup2 cgroup2 rw\n`);
  const owners = new CgroupOwners({ mounts: new CgroupMounts(mountinfo), clock });
  const isDelegated = (path: string): boolean | undefined =>
    owners.isDelegated({ hierarchy: 'unified', path });
  return { root, clock, isDelegated, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe('CgroupOwners', () => {
  it('takes a place for root’s own where every folder belongs to root and only root may write', async () => {
    // Folders that belong to root on every system, for those who are not root here.
    await using at = await bench('/usr');
    expect(statSync('/usr')).toMatchObject({ uid: 0, gid: 0 });
    expect(at.isDelegated('/bin')).toBe(false);
    expect(at.isDelegated('/')).toBe(false);
  });

  it('takes it for delegated where others may write a folder above it', async () => {
    await using at = await bench();
    mkdirSync(join(at.root, 'a/b'), { recursive: true });
    chmodSync(at.root, 0o777);
    expect(at.isDelegated('/a/b')).toBe(true);
  });

  it('takes it for delegated where others may move processes', async () => {
    await using at = await bench();
    mkdirSync(join(at.root, 'a'));
    writeFileSync(join(at.root, 'a/cgroup.procs'), '');
    chmodSync(join(at.root, 'a/cgroup.procs'), 0o666);
    expect(at.isDelegated('/a')).toBe(true);
  });

  it('says nothing about a place that is gone, outside, or too deep', async () => {
    await using at = await bench('/usr');
    expect(at.isDelegated('/no-such-folder')).toBeUndefined();
    expect(at.isDelegated('/../x')).toBeUndefined();
    expect(at.isDelegated('/bin'.repeat(65))).toBeUndefined();
  });

  it('looks again after a second, and at once where it could say nothing', async () => {
    await using at = await bench();
    mkdirSync(join(at.root, 'a'));
    chmodSync(join(at.root, 'a'), 0o777);
    expect(at.isDelegated('/a')).toBe(true);
    rmdirSync(join(at.root, 'a'));
    expect(at.isDelegated('/a')).toBe(true);
    await at.clock.advance(1_000);
    expect(at.isDelegated('/a')).toBeUndefined();
    mkdirSync(join(at.root, 'a'));
    chmodSync(join(at.root, 'a'), 0o777);
    expect(at.isDelegated('/a')).toBe(true);
  });
});
