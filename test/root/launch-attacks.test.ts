import type { ChildProcess } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BOB, LaunchStage } from '../fakes/launch-stage.js';

const NODE = process.execPath;
const PYTHON = '/usr/bin/python3';
const ATTACH = fileURLToPath(new URL('../fixtures/launch/attach.py', import.meta.url));
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
  await writeScripts();
  await stage.define(`
  - {name: script, command: [/bin/sh, ${hers}/script], ${MAY}}
  - {name: program, command: [${hers}/program], ${MAY}}
  - {name: token, command: [/bin/sh, -c, cat $CREDENTIALS_DIRECTORY/it], secrets: [{"name": it, file: ${hers}/token}], ${MAY}}
  - {name: pipe, command: [/bin/true], secrets: [{"name": it, file: ${hers}/pipe}], ${MAY}}
  - {name: python, command: [${PYTHON}, ${stage.daemon.file('quiet.py')}], env: {set: {HOME: ${hers}}}, ${MAY}}
  - {name: node, command: [${NODE}, ${stage.daemon.file('optional.cjs')}], env: {set: {HOME: ${hers}}}, ${MAY}}
  - {name: java, command: [/usr/bin/java, ${stage.daemon.file('Sleep.java')}], ${MAY}}
`);
});
async function writeScripts(): Promise<void> {
  await stage.file('quiet.py', 'print("measured")');
  await stage.file('optional.cjs', 'try { require("optional") } catch { console.log("measured") }');
  const main = 'System.out.println("up"); Thread.sleep(20000);';
  await stage.file(
    'Sleep.java',
    `class Sleep { public static void main(String[] a) throws Exception { ${main} } }`,
  );
}
afterAll(() => stage[Symbol.asyncDispose]());

describe('who owns the script', () => {
  it('does not get to read what only root may, by a link in its place', async () => {
    await symlink(stage.daemon.file('secret'), `${hers}/script`);
    const { stdout, stderr } = await stage.spoor(['launch', 'script'], ALICE);
    expect(stdout + stderr).not.toContain('s3cret');
    await rm(`${hers}/script`);
  });

  it('does not get to read what only root may, by a link in the place of a secret of its own', async () => {
    await symlink(stage.daemon.file('secret'), `${hers}/token`);
    const { code, stdout, stderr } = await stage.spoor(['launch', 'token'], ALICE);
    expect([code, stdout, stderr]).toEqual([125, '', expect.stringContaining('EACCES')]);
    await rm(`${hers}/token`);
    await writeFile(`${hers}/token`, 'hers');
    expect(await stage.spoor(['launch', 'token'], ALICE)).toMatchObject({ code: 0, stdout: 'hers' });
  });

  it('does not make the daemon wait for the writer of a pipe', async () => {
    await stage.run(['mkfifo', `${hers}/pipe`], ALICE);
    const { code, stderr } = await stage.spoor(['launch', 'pipe'], ALICE);
    expect([code, stderr]).toEqual([125, expect.stringContaining('no regular file')]);
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

describe('the user of an agent', () => {
  it('cannot put code into Python', async () => {
    const site = `${hers}/.local/lib/python3.11/site-packages`;
    await mkdir(site, { recursive: true });
    await writeFile(`${site}/evil.pth`, 'import os; os.write(1, b"injected\\n")\n');
    const { stdout } = await stage.spoor(['launch', 'python'], ALICE);
    expect(stdout).toBe('measured\n');
  });

  it('cannot put code into Node', async () => {
    await mkdir(`${hers}/.node_modules/optional`, { recursive: true });
    await writeFile(`${hers}/.node_modules/optional/index.js`, 'console.log("injected")');
    const { stdout } = await stage.spoor(['launch', 'node'], ALICE);
    expect(stdout).toBe('measured\n');
  });

  it('cannot load an agent into Java', async () => {
    const launched = await startSaying('java', 'up');
    const { stdout } = await stage.run([PYTHON, ATTACH, String(launched.pid)], ALICE);
    launched.child.kill();
    expect(stdout).toBe('shut\n');
  });
});

/** Launches as alice, and waits until the program says something. */
async function startSaying(name: string, word: string): Promise<{ child: ChildProcess; pid: number }> {
  const child = stage.start(['launch', name], ALICE);
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes(word)) break;
  const { pid } = (await stage.recorded('launched')).findLast((record) => record['name'] === name) ?? {};
  return { child, pid: Number(pid) };
}
