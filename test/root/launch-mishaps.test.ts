import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const NODE = process.execPath;

/** A definition of a script that leaves a file of the name of its instance. */
async function witness(stage: LaunchStage): Promise<string> {
  const ran = stage.daemon.file('ran');
  mkdirSync(ran);
  execFileSync('chmod', ['777', ran]);
  const text = `import{writeFileSync}from'node:fs';writeFileSync('${ran}/'+process.env.SPOOR_INSTANCE,'')`;
  const script = await stage.file('witness.mjs', text);
  await stage.define(`  - {name: witness, command: [${NODE}, ${script}], may_launch: {users: ["54001"]}}`);
  return ran;
}

describe('a script', () => {
  it('does not run without being recorded, at whatever moment the daemon is killed', async () => {
    await using stage = await LaunchStage.open('');
    const ran = await witness(stage);
    const launches = () => Promise.all([1, 2, 3, 4].map(() => stage.spoor(['launch', 'witness'], ALICE)));
    const began = performance.now();
    expect(await launches()).toMatchObject([{ code: 0 }, { code: 0 }, { code: 0 }, { code: 0 }]);
    const usualMs = performance.now() - began;
    for (let round = 0; round < 12; round++) {
      const launched = launches();
      await sleep(usualMs * (0.3 + 0.06 * round));
      await stage.daemon.stop('SIGKILL');
      await launched;
      await stage.daemon.startAgain();
    }
    const recorded = (await stage.recorded('launched')).map(({ instance }) => instance);
    const found = readdirSync(ran);
    expect(found.length).toBeGreaterThan(4);
    expect(found.filter((instance) => !recorded.includes(instance))).toEqual([]);
    expect(await stage.spoor(['launch', 'witness'], ALICE)).toMatchObject({ code: 0, stderr: '' });
  }, 180_000);

  it('does not run while the disk of the record is full, and does again afterwards', async () => {
    await using disk = await temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk.path]);
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => void execFileSync('umount', ['--lazy', disk.path]));
    const flags = ['--state', join(disk.path, 'state')];
    const stage = cleanup.use(await LaunchStage.open('', '', { flags }));
    const ran = await witness(stage);
    const filler = join(disk.path, 'filler');
    const { bavail, bsize } = statfsSync(disk.path);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    const refused = await stage.spoor(['launch', 'witness'], ALICE);
    expect(refused).toMatchObject({ code: 125, stdout: '' });
    expect(refused.stderr).toMatch(/RECORD_UNWRITABLE|STATE_UNUSABLE/);
    expect(readdirSync(ran)).toEqual([]);
    rmSync(filler);
    await expect
      .poll(() => stage.spoor(['launch', 'witness'], ALICE), { timeout: 20_000, interval: 500 })
      .toMatchObject({ code: 0 });
    expect(existsSync(ran)).toBe(true);
    expect(readdirSync(ran)).toHaveLength(1);
  }, 60_000);
});
