import { chmodSync, chownSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readCgroup } from '../../src/measurement/cgroup.js';
import { CgroupMounts } from '../../src/measurement/cgroup-mounts.js';
import { openAttestationRoom } from '../fakes/attestation-room.js';
import { startChild } from '../fakes/child-process.js';

const NEVER = new AbortController().signal;
const UID = 54_321;

/** A cgroup below the one of this process, in the hierarchy by which processes are known here. */
function makeCgroup(name: string) {
  const place = readCgroup('/proc/self')!;
  const [parent] = new CgroupMounts().foldersOf(place)!;
  const folder = `${parent}/spoor-test-${process.pid}-${name}`;
  mkdirSync(folder);
  const path = `${place.path === '/' ? '' : place.path}/spoor-test-${process.pid}-${name}`;
  const admit = (pid: number): void => {
    writeFileSync(`${folder}/cgroup.procs`, String(pid));
  };
  return { folder, path, admit, [Symbol.asyncDispose]: () => removeWhenEmpty(folder) };
}

/** A cgroup stays busy for some milliseconds after its last process was reaped. */
async function removeWhenEmpty(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeWhenEmpty(`${folder}/${entry.name}`);
  }
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch {
      await sleep(10); // EBUSY
    }
  }
}

async function bench(name: string) {
  const cleanup = new AsyncDisposableStack();
  const cgroup = cleanup.use(makeCgroup(name));
  const room = cleanup.use(openAttestationRoom());
  const child = cleanup.use(
    await startChild('setpriv', ['--reuid', String(UID), '--regid', String(UID), '--clear-groups', 'cat']),
  );
  child.tell('ready');
  await child.line();
  cgroup.admit(child.pid);
  const instance = room.instance(child.pid);
  const cgroupSelectors = async (): Promise<readonly string[]> => {
    await room.clock.advance(1_000);
    const { selectors } = await room.attestors.attest(instance, { call: 1 }, NEVER);
    return selectors.filter((selector) => selector.startsWith('process:cgroup'));
  };
  return { cgroup, room, child, cgroupSelectors, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

describe('the cgroup of another user’s process', () => {
  it('is not writable where root made it and kept it', async () => {
    await using at = await bench('kept');
    expect(await at.cgroupSelectors()).toEqual([
      `process:cgroup:${at.cgroup.path}`,
      'process:cgroup_writable:false',
    ]);
  });

  it.each([
    ['its folder was given to that user', (folder: string) => chownSync(folder, UID, UID)],
    [
      'its processes were given to that user',
      (folder: string) => chownSync(`${folder}/cgroup.procs`, UID, UID),
    ],
    ['it was given to some third user', (folder: string) => chownSync(folder, UID + 1, 0)],
    ['everybody may move processes', (folder: string) => chmodSync(`${folder}/cgroup.procs`, 0o666)],
    [
      'some group may move processes',
      (folder: string) => {
        chownSync(`${folder}/cgroup.procs`, 0, UID + 2);
        chmodSync(`${folder}/cgroup.procs`, 0o664);
      },
    ],
  ])('is writable where %s', async (_, give) => {
    await using at = await bench('given');
    give(at.cgroup.folder);
    expect(await at.cgroupSelectors()).toEqual([
      `process:cgroup:${at.cgroup.path}`,
      'process:cgroup_writable:true',
    ]);
  });

  it('is writable where one above it was given away, and is seen to move', async () => {
    await using at = await bench('above');
    mkdirSync(`${at.cgroup.folder}/below`);
    writeFileSync(`${at.cgroup.folder}/below/cgroup.procs`, String(at.child.pid));
    expect(await at.cgroupSelectors()).toEqual([
      `process:cgroup:${at.cgroup.path}/below`,
      'process:cgroup_writable:false',
    ]);
    chownSync(at.cgroup.folder, UID, UID);
    expect(await at.cgroupSelectors()).toContain('process:cgroup_writable:true');
  });

  it('is writable for root', async () => {
    await using room = openAttestationRoom();
    const { selectors } = await room.attestors.attest(room.instance(process.pid), { call: 1 }, NEVER);
    expect(selectors).toContain('process:cgroup_writable:true');
  });

  it('is writable for a process with the capabilities of root', async () => {
    await using cgroup = makeCgroup('mighty');
    await using room = openAttestationRoom();
    const mighty = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
    await using child = await startChild('setpriv', [
      '--reuid',
      String(UID),
      ...mighty,
      '--clear-groups',
      'cat',
    ]);
    child.tell('ready');
    await child.line();
    cgroup.admit(child.pid);
    const { selectors } = await room.attestors.attest(room.instance(child.pid), { call: 1 }, NEVER);
    expect(selectors).toContain('process:cgroup_writable:true');
  });
});
