import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BOB, LaunchStage } from '../fakes/launch-stage.js';

const MAY = 'may_launch: {users: ["54001"]}';

let stage: LaunchStage;
let hers: string;
beforeAll(async () => {
  stage = await LaunchStage.open('');
  hers = stage.daemon.file('alice');
  await mkdir(hers);
  await chown(hers, ALICE.uid, ALICE.gid);
  const secret = stage.daemon.file('secret');
  await writeFile(secret, 's3cret\n', { mode: 0o600 });
  await stage.define(`
  - {name: script, command: [/bin/sh, ${hers}/script], ${MAY}}
  - {name: program, command: [${hers}/program], ${MAY}}
`);
});
afterAll(() => stage[Symbol.asyncDispose]());

describe('who owns the script', () => {
  it('does not get to read what only root may, by a link in its place', async () => {
    await symlink(stage.daemon.file('secret'), `${hers}/script`);
    const { stdout, stderr } = await stage.spoor(['launch', 'script'], ALICE);
    expect(stdout + stderr).not.toContain('s3cret');
    await rm(`${hers}/script`);
  });

  it('does not get to run what only others may', async () => {
    await stage.file('bob/program', await readFile('/bin/echo'));
    await chown(stage.daemon.file('bob/program'), BOB.uid, BOB.gid);
    await chmod(stage.daemon.file('bob/program'), 0o700);
    await symlink(stage.daemon.file('bob/program'), `${hers}/program`);
    const ran = await stage.spoor(['launch', 'program'], ALICE);
    expect(ran.code).toBe(125);
  });
});
