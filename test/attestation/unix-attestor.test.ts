import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, realpathSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAttestationRoom } from '../fakes/attestation-room.js';
import { startChild } from '../fakes/child-process.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const SLEEP = realpathSync('/bin/sleep');
const SHA256 = createHash('sha256').update(readFileSync(SLEEP)).digest('hex');
const [UID, GID] = [process.geteuid!(), process.getegid!()];
const SUPPLEMENTARY = [...new Set(process.getgroups!())];

describe('UnixAttestor', () => {
  it('gives the selectors that SPIRE gives, under the same names', async () => {
    await using etc = await temporaryFolder();
    writeFileSync(join(etc.path, 'passwd'), `me:x:${UID}:${GID}::/:/bin/sh\n`);
    writeFileSync(join(etc.path, 'group'), `mine:x:${GID}:\n`);
    await using room = openAttestationRoom({ etc: etc.path });
    await using child = await startChild(SLEEP, ['600']);

    const { selectors, path, failure } = await room.unix.attest(room.instance(child.pid).process);
    const own = selectors.filter((selector) => !selector.startsWith('unix:supplementary_'));
    expect(own.toSorted()).toEqual([
      `unix:gid:${GID}`,
      'unix:group:mine',
      `unix:path:${SLEEP}`,
      `unix:sha256:${SHA256}`,
      `unix:uid:${UID}`,
      'unix:user:me',
    ]);
    const groups = selectors.filter((selector) => selector.startsWith('unix:supplementary_gid:'));
    // The kernel's list may name the own group, too.
    expect(groups.every((group) => [...SUPPLEMENTARY, GID].some((gid) => group.endsWith(`:${gid}`)))).toBe(
      true,
    );
    expect({ path, failure }).toEqual({ path: SLEEP, failure: undefined });
  });

  it('gives no selector for a user or group that has no name', async () => {
    await using etc = await temporaryFolder();
    await using room = openAttestationRoom({ etc: etc.path });
    await using child = await startChild(SLEEP, ['600']);
    const { selectors, failure } = await room.unix.attest(room.instance(child.pid).process);
    expect(
      selectors.filter((selector) => /^unix:(?:user|group|supplementary_group):/.test(selector)),
    ).toEqual([]);
    expect(selectors).toContain(`unix:uid:${UID}`);
    expect(failure).toBeUndefined();
  });

  it('gives the path that a deleted program had: the process is still the program that was there', async () => {
    await using folder = await temporaryFolder();
    await using room = openAttestationRoom();
    const program = join(folder.path, 'agent');
    copyFileSync(SLEEP, program);
    await using child = await startChild(program, ['600']);
    unlinkSync(program);
    const { selectors } = await room.unix.attest(room.instance(child.pid).process);
    expect(selectors).toContain(`unix:path:${program}`);
    expect(selectors).toContain(`unix:sha256:${SHA256}`);
  });

  it('gives of a process in a foreign user namespace its uid and nothing else', async () => {
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
    expect(await room.unix.attest(foreign)).toEqual({ selectors: [`unix:uid:${UID}`] });
  });

  it('refuses a process that runs as another user than the one that connected', async () => {
    await using room = openAttestationRoom();
    await using child = await startChild(SLEEP, ['600']);
    const { folder } = room.instance(child.pid).process;
    const other = {
      pid: 1,
      uid: UID + 1,
      gid: GID,
      folder,
      startTicks: 1,
      foreignUserNamespace: false,
      standing: () => 'same' as const,
    };
    expect(() => room.unix.attest(other)).toThrow(expect.objectContaining({ code: 'PEER_UNKNOWN' }));
  });

  it('answers at once when names and digest are known', async () => {
    await using room = openAttestationRoom();
    await using child = await startChild(SLEEP, ['600']);
    const { process } = room.instance(child.pid);
    const first = room.unix.attest(process);
    expect(first).toBeInstanceOf(Promise);
    const known = await first;
    expect(room.unix.attest(process)).toEqual(known);
  });
});
