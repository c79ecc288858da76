import { describe, expect, it } from 'vitest';
import { chooseCgroup, parseCgroups, readCgroup } from '../../src/measurement/cgroup.js';
import { CgroupMounts, parseCgroupMounts } from '../../src/measurement/cgroup-mounts.js';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { temporaryFolder } from '../fakes/temporary-folder.js';

/** Ubuntu 24.04, a service. */
const V2 = '0::/system.slice/agent.service\n';
/** CentOS 7, a container. */
const V1 = [
  '11:cpuset:/docker/0123',
  '5:cpuacct,cpu:/docker/0123',
  '4:memory:/docker/0123',
  '1:name=systemd:/docker/0123',
  '',
].join('\n');
/** Debian 10, a service: systemd keeps both. */
const HYBRID = '4:memory:/\n1:name=systemd:/system.slice/agent.service\n0::/system.slice/agent.service\n';
/** A microVM whose init uses the memory controller alone. */
const ONE_CONTROLLER = '9:name=systemd:/\n4:memory:/process_api/2a5b\n1:cpu:/\n0::/\n';

describe('parseCgroups', () => {
  it.each([
    ['0::/\n', [{ hierarchy: 'unified', path: '/' }]],
    ['0::/a:b\n', [{ hierarchy: 'unified', path: '/a:b' }]],
    ['0::/a b) (\n', [{ hierarchy: 'unified', path: '/a b) (' }]],
    ['0::/x (deleted)\n', [{ hierarchy: 'unified', path: '/x (deleted)' }]],
    ['0::/../../other\n', [{ hierarchy: 'unified', path: '/../../other' }]],
    ['0::/:/x\n', [{ hierarchy: 'unified', path: '/:/x' }]],
    ['12:name=a:b:/x\n', [{ hierarchy: 'name=a:b', path: '/x' }]],
    ['3:cpu,cpuacct:/x\n', [{ hierarchy: 'cpu,cpuacct', path: '/x' }]],
    ['', []],
    ['nonsense\n', []],
    ['0::relative\n', []],
  ])('reads %j', (text, places) => {
    expect(parseCgroups(text)).toEqual(places);
  });
});

describe('chooseCgroup', () => {
  it.each([
    ['v2', V2, { hierarchy: 'unified', path: '/system.slice/agent.service' }],
    ['v1', V1, { hierarchy: 'name=systemd', path: '/docker/0123' }],
    ['both', HYBRID, { hierarchy: 'unified', path: '/system.slice/agent.service' }],
    ['one controller', ONE_CONTROLLER, { hierarchy: 'memory', path: '/process_api/2a5b' }],
    ['the root everywhere', '4:memory:/\n0::/\n', { hierarchy: 'unified', path: '/' }],
    ['no cgroups', '', undefined],
  ])('knows a process by its place in %s', (_, text, place) => {
    expect(chooseCgroup(parseCgroups(text))).toEqual(place);
  });

  it('takes unknown hierarchies last', () => {
    const places = parseCgroups('2:name=mine:/mine\n3:pids:/theirs\n0::/\n');
    expect(chooseCgroup(places)).toEqual({ hierarchy: 'pids', path: '/theirs' });
  });

  it('reads the place of this process', () => {
    expect(readCgroup('/proc/self')?.path).toMatch(/^\//);
  });
});

const MOUNTINFO = [
  '23 1 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw',
  '31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate',
  '32 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '33 23 0:28 /docker/0123 /sys/fs/cgroup/mem\\040ory rw master:3 - cgroup cgroup rw,memory',
  '34 23 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd',
  '35 23 0:30 / /home/mallory/fake rw - fuse.cgroup2 cgroup2 rw',
  '',
].join('\n');

describe('parseCgroupMounts', () => {
  it('finds the mounts of both versions, and nothing that only looks like one', () => {
    expect(parseCgroupMounts(MOUNTINFO).map(({ mountPoint }) => mountPoint)).toEqual([
      '/sys/fs/cgroup',
      '/sys/fs/cgroup/cpu,cpuacct',
      '/sys/fs/cgroup/mem ory',
      '/sys/fs/cgroup/systemd',
    ]);
  });
});

describe('CgroupMounts', () => {
  it.each([
    ['unified', '/', ['/sys/fs/cgroup']],
    ['unified', '/a/b', ['/sys/fs/cgroup/a/b', '/sys/fs/cgroup/a', '/sys/fs/cgroup']],
    ['cpuacct,cpu', '/a', ['/sys/fs/cgroup/cpu,cpuacct/a', '/sys/fs/cgroup/cpu,cpuacct']],
    ['name=systemd', '/a', ['/sys/fs/cgroup/systemd/a', '/sys/fs/cgroup/systemd']],
    ['memory', '/docker/0123/x', ['/sys/fs/cgroup/mem ory/x', '/sys/fs/cgroup/mem ory']],
    ['memory', '/docker/0123', ['/sys/fs/cgroup/mem ory']],
    ['memory', '/docker/01234', undefined],
    ['memory', '/elsewhere', undefined],
    ['unified', '/..', undefined],
    ['unified', '/../sibling', undefined],
    ['pids', '/a', undefined],
  ])('finds the folders of %s:%s', async (hierarchy, path, folders) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'mountinfo');
    writeFileSync(file, MOUNTINFO);
    expect(new CgroupMounts(file).foldersOf({ hierarchy, path })).toEqual(folders);
  });
});
