import { readdir, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BOB, LaunchStage } from '../fakes/launch-stage.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

let operators: Awaited<ReturnType<typeof temporaryFolder>>;
let stage: LaunchStage;

beforeAll(async () => {
  operators = await temporaryFolder();
  const secret = `${operators.path}/token`;
  await writeFile(secret, 'of the operator', { mode: 0o600 });
  stage = await LaunchStage.open(`
  - name: shell
    command: [/bin/sh, -c]
    caller_args: append
    secrets: [{name: token, file: ${secret}}]
    may_launch: {users: ["54001", "54002"]}
  - name: stays
    command: [/bin/sleep, infinity]
    secrets: [{name: token, file: ${secret}}]
    may_launch: {users: ["54001"]}
  - {name: without, command: [/bin/sh, -c, 'echo "$CREDENTIALS_DIRECTORY"'], may_launch: {users: ["54001"]}}
  - name: missing
    command: [/bin/true]
    secrets: [{name: token, file: ${secret}-missing}]
    may_launch: {users: ["54001"]}
`);
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await operators[Symbol.asyncDispose]();
});

/** The folders of the instances that have secrets. */
async function folders(): Promise<readonly string[]> {
  return readdir(stage.daemon.file('credentials'));
}

async function detached(): Promise<{ readonly instance: string; readonly pid: number }> {
  await stage.spoor(['launch', '--detach', 'stays'], ALICE);
  const { stdout } = await stage.spoor(['instances', '--all', '--output', 'json']);
  const [found] = (JSON.parse(stdout) as { launches: { instance: string; pid: number }[] }).launches;
  return found ?? { instance: '', pid: 0 };
}

describe('the secrets of a launched program', () => {
  it('can be read by it, and changed or taken away by nobody but the daemon', async () => {
    const attempts =
      'cat token; rm -f token || echo kept; (echo x > token) 2>&- || echo same; touch y || echo closed';
    const { stdout } = await stage.spoor(
      ['launch', 'shell', '--', `cd "$CREDENTIALS_DIRECTORY" && { ${attempts}; stat -c '%a %u' token .; }`],
      ALICE,
    );
    expect(stdout).toBe('of the operatorkept\nsame\nclosed\n400 54001\n750 0\n');
  });

  it('are gone when it has ended, and not there for one that has none', async () => {
    await stage.spoor(['launch', 'shell', '--', 'true'], ALICE);
    expect(await folders()).toEqual([]);
    expect((await stage.spoor(['launch', 'without'], ALICE)).stdout).toBe('\n');
  });

  it('are nobody else’s', async () => {
    const { instance } = await detached();
    const folder = `${stage.daemon.file('credentials')}/${instance}`;
    const look = await stage.run(['sh', '-c', `ls ${folder}/..; cat ${folder}/token`], BOB);
    expect(look).toMatchObject({ code: 1, stdout: '' });
    expect((await stage.run(['cat', `${folder}/token`], ALICE)).stdout).toBe('of the operator');
    await stage.spoor(['stop', '--all', instance]);
  });

  it('outlive the daemon with the program, and are taken away when that ends meanwhile', async () => {
    const { instance, pid } = await detached();
    await stage.daemon.stop();
    expect(await folders()).toEqual([instance]);
    await stage.daemon.startAgain();
    expect(await folders()).toEqual([instance]);

    await stage.daemon.stop('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => stat(`/proc/${pid}`).catch(() => 'gone')).toBe('gone');
    await stage.daemon.startAgain();
    expect(await folders()).toEqual([]);
  });

  it('have to be there', async () => {
    expect(await stage.spoor(['launch', 'missing'], ALICE)).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(/the secret token cannot be read: .*-missing \(ENOENT\)/),
    });
  });
});
