import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCgroup } from '../../src/measurement/cgroup.js';
import { openAttestationRoom } from '../fakes/attestation-room.js';
import { endAtLast, startChild } from '../fakes/child-process.js';

const SH = realpathSync('/bin/sh');
const SLEEP = realpathSync('/bin/sleep');
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('ProcessAttestor', () => {
  it('gives path and digest of every ancestor, and not those of the process itself', async () => {
    await using room = openAttestationRoom();
    await using shell = await startChild(SH, ['-c', 'sleep 600 & echo $!; read x']);
    const pid = Number(await shell.line());
    using cleanup = new DisposableStack();
    cleanup.use(endAtLast(pid));

    const { selectors } = await room.process.attest(room.instance(pid).process);
    const node = realpathSync('/proc/self/exe');
    expect(selectors).toEqual(
      expect.arrayContaining([
        `process:ancestor_path:${SH}`,
        `process:ancestor_sha256:${sha256(SH)}`,
        `process:ancestor_path:${node}`,
        `process:ancestor_sha256:${sha256(node)}`,
      ]),
    );
    expect(selectors).not.toContain(`process:ancestor_path:${SLEEP}`);
  });

  it('gives the place in the cgroups, and whether it is root’s word alone', async () => {
    await using room = openAttestationRoom();
    await using child = await startChild(SLEEP, ['600']);
    const { selectors } = await room.process.attest(room.instance(child.pid).process);
    expect(selectors).toContain(`process:cgroup:${readCgroup('/proc/self')?.path}`);
    expect(
      selectors.filter((selector) => /^process:cgroup_writable:(?:true|false)$/.test(selector)),
    ).toHaveLength(1);
  });

  it('gives of a process in a foreign user namespace its cgroup and nothing else', async () => {
    await using room = openAttestationRoom();
    await using child = await startChild(SLEEP, ['600']);
    const { pid, uid, gid, folder } = room.instance(child.pid).process;
    const foreign = {
      pid,
      uid,
      gid,
      folder,
      startTicks: 1,
      foreignUserNamespace: true,
      standing: () => 'same' as const,
    };
    const { selectors } = await room.process.attest(foreign);
    expect(selectors.every((selector) => selector.startsWith('process:cgroup'))).toBe(true);
    expect(selectors).toContain(`process:cgroup:${readCgroup('/proc/self')?.path}`);
  });
});
