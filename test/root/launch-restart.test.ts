import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { endAtLast } from '../fakes/child-process.js';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';

const SPOOR = fileURLToPath(new URL('../../dist/cli/spoor.js', import.meta.url));
const NODE = process.execPath;
const FETCH = `${NODE} ${SPOOR} fetch x509 --output json`;

const DEFINITIONS = `
  - {name: watcher, command: [${NODE}, ${SPOOR}, watch, --output, json], may_launch: {users: ["54001"]}}
  - {name: shell, command: [/bin/sh, -c], caller_args: append, may_launch: {users: ["54001"]}}
  - {name: always, command: [/bin/sleep, "600"], may_launch: {users: ["54001"]}, restart: always}
  - {name: fails, command: [/bin/sh, -c], caller_args: append, may_launch: {users: ["54001"]}, restart: on-failure}
`;
const ENTRIES = `
  - {id: watcher, spiffe_id: "spiffe://example.org/watcher", selectors: ["launch:name:watcher"]}
  - {id: shell, spiffe_id: "spiffe://example.org/shell", selectors: ["launch:name:shell"]}
  - {id: user, spiffe_id: "spiffe://example.org/user", selectors: ["unix:uid:54001"], hint: user}
`;

interface Instance {
  readonly instance: string;
  readonly name: string;
  readonly pid: number;
  readonly restarts: number;
}

async function instancesOf(stage: LaunchStage): Promise<readonly Instance[]> {
  const { stdout } = await stage.spoor(['instances', '--all', '--output', 'json']);
  return (JSON.parse(stdout) as { launches: readonly Instance[] }).launches;
}

async function detach(
  stage: LaunchStage,
  ...argv: readonly string[]
): Promise<Pick<Instance, 'instance' | 'pid'>> {
  const { stdout, stderr } = await stage.spoor(['launch', '--detach', '--output', 'json', ...argv], ALICE);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Instance;
}

async function explained(stage: LaunchStage, pid: number): Promise<object> {
  return JSON.parse((await stage.spoor(['explain', String(pid), '--output', 'json'])).stdout) as object;
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('after a restart of the daemon by %s', (signal) => {
  it('a launched program runs on, is the instance that it was, and is served again', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    const before = await detach(stage, 'watcher');
    const issued = async (): Promise<number> =>
      (await stage.recorded('issued')).filter((line) => line['instance'] === before.instance).length;
    // It gives up when its very first try fails.
    await expect.poll(issued, { timeout: 15_000 }).toBe(2);
    await stage.daemon.stop(signal);
    expect(existsSync(`/proc/${before.pid}`)).toBe(true);
    await stage.daemon.startAgain();
    expect(await instancesOf(stage)).toMatchObject([
      { instance: before.instance, pid: before.pid, name: 'watcher' },
    ]);
    expect(await explained(stage, before.pid)).toMatchObject({
      process: { level: 'launched', instance: before.instance },
      matches: [{ spiffe_id: 'spiffe://example.org/user' }, { spiffe_id: 'spiffe://example.org/watcher' }],
    });
    // It comes back by itself, and what it gets is recorded under the same instance.
    await expect.poll(issued, { timeout: 15_000 }).toBeGreaterThan(2);
    expect(await stage.spoor(['stop', before.instance])).toMatchObject({ code: 0 });
    // Whose child it has become reaps it in its own time.
    await expect.poll(() => existsSync(`/proc/${before.pid}`)).toBe(false);
  }, 60_000);

  it('what has become another program since, and what an agent left behind, gets nothing', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    await using cleanup = new AsyncDisposableStack();
    const loiters = `sleep 600; : ${stage.daemon.folder}`;
    const became = await detach(stage, 'shell', '--', 'sleep 0.2; exec sleep 600');
    const left = await detach(stage, 'shell', '--', `(setsid sh -c '${loiters}' &); sleep 0.3`);
    cleanup.use(endAtLast(became.pid));
    await expect.poll(() => existsSync(`/proc/${left.pid}`)).toBe(false);
    const orphan = pidOf(`sh -c ${loiters}`);
    cleanup.use(endAtLast(orphan));
    await stage.daemon.stop(signal);
    await stage.daemon.startAgain();
    for (const [pid, by] of [
      [became.pid, 'execution'],
      [orphan, 'cgroup'],
    ] as const) {
      expect(await explained(stage, pid)).toMatchObject({ matches: [], descent: { found_by: by } });
    }
  }, 60_000);

  it('the status of a program is lost to whoever launched it, and the program is not', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    const file = await stage.file('out', '');
    await stage.run(['chmod', '666', file]);
    const command = `sleep 2; echo went on > ${file}; ${FETCH} >> ${file} 2>&1; exit 7`;
    const client = stage.start(['launch', 'shell', '--', command], ALICE);
    const exited = once(client, 'exit');
    let said = '';
    client.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(async () => (await instancesOf(stage)).length).toBe(1);
    await stage.daemon.stop(signal);
    await stage.daemon.startAgain();
    expect(await exited).toEqual([125, null]);
    expect(said).toContain('LAUNCH_LOST');
    await expect
      .poll(() => readFileSync(file, 'utf8'), { timeout: 10_000 })
      .toMatch(/^went on\n[^]*IDENTITY_NOT_ISSUED/);
  }, 60_000);
});

describe('a detached program', () => {
  it('is started anew as its definition says, as another instance, until it is stopped', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    const first = await detach(stage, 'always');
    process.kill(first.pid, 'SIGKILL');
    await expect
      .poll(() => instancesOf(stage), { timeout: 10_000 })
      .toMatchObject([{ name: 'always', restarts: 1 }]);
    const [second] = await instancesOf(stage);
    expect(second?.instance).not.toBe(first.instance);
    expect(await stage.spoor(['stop', 'always'], ALICE)).toMatchObject({ code: 0 });
    expect(await instancesOf(stage)).toEqual([]);
    expect((await stage.recorded('ended')).map(({ instance, signal }) => [instance, signal])).toEqual([
      [first.instance, 'SIGKILL'],
      [second?.instance, 'SIGTERM'],
    ]);
  }, 60_000);

  it('is not started anew when it has done its work', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    await detach(stage, 'fails', '--', 'sleep 0.5; exit 0');
    await expect.poll(() => instancesOf(stage)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await instancesOf(stage)).toEqual([]);
  }, 60_000);

  it('is nobody’s to stop but of whom it is, and of the operator', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    const { instance, pid } = await detach(stage, 'watcher');
    const somebody = { uid: 54_009, gid: 54_009 };
    expect(await stage.spoor(['stop', instance], somebody)).toMatchObject({
      stderr: expect.stringContaining('INSTANCE_NOT_FOUND'),
    });
    expect((await stage.spoor(['instances', '--output', 'json'], somebody)).stdout).toContain(
      '"launches": []',
    );
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect(await stage.spoor(['stop', instance], ALICE)).toMatchObject({ code: 0 });
  }, 60_000);

  it('leaves no cgroup behind that has emptied when the daemon stops', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    const argv = ['launch', '--detach', 'shell', '--', '(setsid sh -c "sleep 0.4; :" &)'];
    const instance = (await stage.spoor(argv, ALICE)).stdout.trim();
    expect(instance).toMatch(/^[0-9a-f]{32}$/);
    const inside = (): boolean => pids().some((pid) => textOf(`/proc/${pid}/cgroup`).includes(instance));
    await expect.poll(inside, { interval: 5 }).toBe(false);
    await stage.daemon.stop('SIGTERM');
    const there = readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' });
    expect(there.filter((path) => path.endsWith(instance))).toEqual([]);
  }, 60_000);

  it('is stopped with all that it has started, whatever that ignores', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
    const stubborn = `trap "" TERM HUP INT; (setsid sh -c 'trap "" TERM; while :; do sleep 1; done' & ); while :; do sleep 1; done`;
    const { instance } = await detach(stage, 'shell', '--', stubborn);
    expect(await stage.spoor(['stop', instance, '--grace', '1s'])).toMatchObject({ code: 0 });
    const attested = (await stage.recorded('attested')).findLast((line) => line['instance'] === instance);
    const place = /process:cgroup:([^"]+)"/.exec(JSON.stringify(attested))?.[1];
    expect(place).toBeDefined();
    await expect.poll(() => processesIn(String(place))).toEqual([]);
  }, 60_000);
});

function pidOf(commandLine: string): number {
  const found = pids().find(
    (pid) => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() === commandLine,
  );
  if (found === undefined) throw new Error(`nobody runs ${commandLine}`);
  return found;
}

/** Those that run in a cgroup of this path, in whichever hierarchy. */
function processesIn(path: string): readonly number[] {
  return pids().filter((pid) => textOf(`/proc/${pid}/cgroup`).includes(`:${path}\n`));
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
