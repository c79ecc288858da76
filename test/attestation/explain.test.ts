import { realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explainProcess } from '../../src/attestation/explain.js';
import { openAttestationRoom } from '../fakes/attestation-room.js';
import { startChild } from '../fakes/child-process.js';

const SLEEP = realpathSync('/bin/sleep');

describe('explainProcess', () => {
  it('attests a running process that is not connected, with the outcome of each attestor', async () => {
    await using room = openAttestationRoom();
    await using child = await startChild(SLEEP, ['600']);
    const explanation = await explainProcess(child.pid, room);
    expect(explanation).toMatchObject({
      process: {
        pid: child.pid,
        uid: process.geteuid!(),
        gid: process.getegid!(),
        foreignUserNamespace: false,
      },
      attestation: { path: SLEEP, outcomes: [{ attestor: 'unix' }, { attestor: 'process' }] },
    });
    expect(explanation.attestation.selectors).toContain(`unix:path:${SLEEP}`);
    expect(room.recorded).toEqual([]);
  });

  it('explains also where every attestor fails', async () => {
    const attest = (): never => {
      throw new Error('EIO');
    };
    await using room = openAttestationRoom({ attestors: [{ name: 'unix', attest }] });
    await using child = await startChild(SLEEP, ['600']);
    expect((await explainProcess(child.pid, room)).attestation).toEqual({
      selectors: [],
      outcomes: [{ attestor: 'unix', selectors: [], failure: 'EIO' }],
      at: room.clock.now(),
    });
  });

  it.each([0, -1, 1.5, Number.NaN, 4_194_305, 2 ** 40])(
    'knows no process with the number %d',
    async (pid) => {
      await using room = openAttestationRoom();
      await expect(explainProcess(pid, room)).rejects.toMatchObject({ code: 'PROCESS_NOT_FOUND' });
    },
  );

  it('finds no process that has ended, and none that ends meanwhile', async () => {
    await using child = await startChild(SLEEP, ['600']);
    const attest = async () => {
      await child.kill();
      return { selectors: ['unix:uid:1'] };
    };
    await using room = openAttestationRoom({ attestors: [{ name: 'unix', attest }] });
    await expect(explainProcess(child.pid, room)).rejects.toMatchObject({ code: 'PROCESS_NOT_FOUND' });
    await expect(explainProcess(child.pid, room)).rejects.toMatchObject({ code: 'PROCESS_NOT_FOUND' });
  });
});
