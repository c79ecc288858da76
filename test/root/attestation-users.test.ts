import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCgroup } from '../../src/measurement/cgroup.js';
import { openAttestationRoom } from '../fakes/attestation-room.js';
import { startChild, type RunningChild } from '../fakes/child-process.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const NEVER = new AbortController().signal;
/** No user of this system. */
const [UID, GID, EXTRA] = [54_321, 54_322, 54_323];

const as = (uid: number, ...groups: number[]): string[] => {
  const supplementary = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  return ['--reuid', String(uid), '--regid', String(GID), ...supplementary];
};

/** Starts a program as another user, by a command that ends in `cat`; resolves when that runs. */
async function startCat(...command: string[]): Promise<RunningChild> {
  const child = await startChild('setpriv', command);
  child.tell('ready');
  await child.line();
  return child;
}

describe('attestation of other users by root', () => {
  it('gives uid, gid and supplementary groups of the process, with their names', async () => {
    await using etc = await temporaryFolder();
    writeFileSync(join(etc.path, 'passwd'), `agent:x:${UID}:${GID}::/:/bin/sh\n`);
    writeFileSync(join(etc.path, 'group'), `agents:x:${GID}:\nextra:x:${EXTRA}:agent\n`);
    await using room = openAttestationRoom({ etc: etc.path });
    await using child = await startCat(...as(UID, EXTRA, EXTRA + 1), 'cat');

    const attestation = await room.attestors.attest(room.instance(child.pid), { call: 1 }, NEVER);
    expect(attestation.selectors.filter((selector) => /^unix:(?!path|sha256)/.test(selector))).toEqual([
      `unix:gid:${GID}`,
      'unix:group:agents',
      `unix:supplementary_gid:${EXTRA}`,
      `unix:supplementary_gid:${EXTRA + 1}`,
      'unix:supplementary_group:extra',
      `unix:uid:${UID}`,
      'unix:user:agent',
    ]);
    expect(attestation.outcomes.every(({ failure }) => failure === undefined)).toBe(true);
  });

  it('reads the program also where its user forbids it', async () => {
    await using folder = await temporaryFolder();
    const program = join(folder.path, 'agent');
    execFileSync('cp', ['/bin/cat', program]);
    execFileSync('chmod', ['0711', program]);
    execFileSync('chmod', ['0755', folder.path]);
    await using room = openAttestationRoom();
    await using child = await startCat(...as(UID), program);
    const attestation = await room.attestors.attest(room.instance(child.pid), { call: 1 }, NEVER);
    expect(attestation.selectors).toContain(`unix:path:${program}`);
    expect(attestation.selectors.some((selector) => selector.startsWith('unix:sha256:'))).toBe(true);
  });

  it('gives up a process that changes its user after it connected', async () => {
    await using room = openAttestationRoom();
    const becomeAnother = `process.stdin.once('data', () => { process.setgid(${GID}); process.setuid(${UID}); }); console.log('')`;
    await using child = await startChild(process.execPath, ['-e', becomeAnother]);
    await child.line();
    const instance = room.instance(child.pid);
    await room.attestors.attest(instance, { call: 1 }, NEVER);
    child.tell('');
    while (instance.process.standing() === 'same') await new Promise(setImmediate);
    expect(() => room.attestors.attest(instance, { call: 2 }, NEVER)).toThrow(
      expect.objectContaining({ code: 'PEER_UNKNOWN' }),
    );
  });

  it('knows a process in a foreign user namespace by its uid and its cgroup only', async () => {
    await using room = openAttestationRoom();
    await using child = await startCat(...as(UID), 'unshare', '--user', '--map-root-user', 'cat');
    const instance = room.instance(child.pid);
    const attestation = await room.attestors.attest(instance, { call: 1 }, NEVER);
    expect(instance.process).toMatchObject({ uid: UID, foreignUserNamespace: true });
    expect(
      attestation.selectors.filter((selector) => !selector.startsWith('process:cgroup_writable:')),
    ).toEqual([`process:cgroup:${readCgroup('/proc/self')?.path}`, `unix:uid:${UID}`]);
    expect(attestation.path).toBeUndefined();
  });
});
