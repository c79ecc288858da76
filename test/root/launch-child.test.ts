import { readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';

/** What every launched program is, line by line of /proc/self/status. */
const STATUS: Readonly<Record<string, string>> = {
  Umask: '0022',
  TracerPid: '0',
  Uid: '54001 54001 54001 54001',
  Gid: '54001 54001 54001 54001',
  Groups: '54001 54077',
  Threads: '1',
  SigPnd: '0000000000000000',
  ShdPnd: '0000000000000000',
  SigBlk: '0000000000000000',
  SigIgn: '0000000000000000',
  SigCgt: '0000000000000000',
  CapInh: '0000000000000000',
  CapPrm: '0000000000000000',
  CapEff: '0000000000000000',
  CapBnd: '0000000000000000',
  CapAmb: '0000000000000000',
  NoNewPrivs: '1',
  Seccomp: '0',
};

const DEFINITIONS = `
  - {name: status, command: [/bin/cat, /proc/self/status], may_launch: {users: ["54001"]}}
  - {name: limits, command: [/bin/cat, /proc/self/limits], may_launch: {users: ["54001"]}}
  - {name: stat, command: [/bin/cat, /proc/self/stat], may_launch: {users: ["54001"]}}
  - {name: files, command: [/bin/ls, -l, /proc/self/fd], may_launch: {users: ["54001"]}}
  - name: env
    command: [/usr/bin/env]
    env: {pass: [LANG, LD_PRELOAD, SECRET], set: {MODE: prod, NODE_OPTIONS: --inspect}, dangerous: [NODE_OPTIONS, LD_PRELOAD]}
    may_launch: {users: ["54001"]}
  - {name: limited, command: [/bin/cat, /proc/self/limits], limits: {nofile: 64, nproc: 33}, run_as: nobody}
  - {name: folder, command: [/bin/pwd], cwd: /usr, run_as: nobody}
`;

/** As alice, with one group beside her own. */
const AS_ALICE = { through: ['setpriv', '--reuid', '54001', '--regid', '54001', '--groups', '54001,54077'] };

function fieldsOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => line.split(/:\s+/, 2).map((part) => part.trim().replaceAll(/\s+/g, ' '))),
  );
}

describe('a launched program', () => {
  it('is the user that launches, with no privileges, no pending or ignored signals, and no new ones to gain', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    // A caller that ignores and blocks signals does not hand that on.
    const through = ['sh', '-c', 'trap "" INT TERM USR1 PIPE CHLD; exec "$@"', 'sh', ...AS_ALICE.through];
    const { stdout, stderr } = await stage.spoor(['launch', 'status'], { through });
    expect(stderr).toBe('');
    expect(fieldsOf(stdout)).toMatchObject(STATUS);
  });

  it('leads a session and a process group of its own, at the usual priority', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    const through = ['nice', '-n', '-5', ...AS_ALICE.through];
    const { stdout } = await stage.spoor(['launch', 'stat'], { through });
    const [pid, , , , group, session] = stdout.split(' ');
    expect([group, session]).toEqual([pid, pid]);
    expect(stdout.split(' ')[18]).toBe('0');
  });

  it('has three descriptors, and the one with which it looks', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    const { stdout } = await stage.spoor(['launch', 'files'], AS_ALICE);
    const open = stdout.split('\n').flatMap((line) => / (\d+) -> (.*)$/.exec(line)?.slice(1, 2) ?? []);
    expect(open).toEqual(['0', '1', '2', '3']);
    expect(stdout).toMatch(/ 3 -> \/proc\/\d+\/fd/);
  });

  it('has the limits that programs are used to, and no core file', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    const { stdout } = await stage.spoor(['launch', 'limits'], AS_ALICE);
    expect(stdout).toMatch(/^Max open files\s+1024\s/m);
    expect(stdout).toMatch(/^Max core file size\s+1\s+1\s/m);
    const limited = await stage.spoor(['launch', 'limited']);
    expect(limited.stdout).toMatch(/^Max open files\s+64\s+64\s/m);
    expect(limited.stdout).toMatch(/^Max processes\s+33\s+33\s/m);
  });

  it('has an environment of the daemon’s making', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    const env = {
      LANG: 'C',
      SECRET: 'passed',
      OTHER: 'kept',
      LD_LIBRARY_PATH: '/tmp',
      PATH: '/tmp/evil:/usr/bin:/bin',
    };
    const { stdout } = await stage.spoor(['launch', 'env'], { ...AS_ALICE, env });
    const lines = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/s, 2)),
    );
    expect(lines).toEqual({
      HOME: '/',
      USER: '54001',
      LOGNAME: '54001',
      SHELL: '/bin/sh',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      SPIFFE_ENDPOINT_SOCKET: stage.daemon.endpoint,
      SPOOR_INSTANCE: expect.stringMatching(/^[0-9a-f]{32}$/),
      LANG: 'C',
      SECRET: 'passed',
      MODE: 'prod',
      NODE_OPTIONS: '--inspect',
    });
  });

  it('begins in the folder of its definition', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    expect((await stage.spoor(['launch', 'folder'])).stdout).toBe('/usr\n');
  });

  it('runs from memory where others could change it, and says so', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    const path = await stage.file('agent', readFileSync('/bin/sleep'));
    await stage.define(`  - {name: agent, command: [${path}, "600"], may_launch: {users: ["54001"]}}`);
    await stage.spoor(['launch', '--detach', 'agent'], ALICE);
    const { stdout } = await stage.spoor(['instances', '--all', '--output', 'json']);
    const [instance] = (JSON.parse(stdout) as { launches: readonly { pid: number; notes: string[] }[] })
      .launches;
    expect(instance?.notes).toEqual([
      expect.stringMatching(/^the program runs from a copy in memory, since /),
    ]);
    expect(readlinkSync(`/proc/${instance?.pid}/exe`)).toMatch(/^\/memfd:/);
    expect(await stage.spoor(['stop', 'agent'])).toMatchObject({ code: 0 });
  });

  it('is refused when it would be root, and when nobody lets its caller', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    expect(await stage.spoor(['launch', 'status'])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('would run as root'),
    });
    expect(await stage.spoor(['launch', 'folder'], ALICE)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('uid 54001 may not launch folder'),
    });
    expect(await stage.spoor(['launch', 'nothing'], ALICE)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('there is no launch definition nothing'),
    });
  });
});
