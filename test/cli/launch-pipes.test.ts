import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { exitOf, openLaunchLine, type LaunchLine } from '../fakes/launch-line.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const MEGABYTE = 1_048_576;

/** Runs a shell command by way of `spoor launch`, and gives what it said and how that ended. */
async function shell(
  line: LaunchLine,
  script: string,
  input = '',
): Promise<readonly [string, string, number]> {
  const child = line.start(['run', '--', 'sh', '-c', script]);
  child.stdin!.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), exitOf(child)]);
  return [out, err, code ?? -1];
}

describe('spoor launch without a terminal', () => {
  it('gives the program its input, output, error and working folder, and ends as it ends', async () => {
    await using line = await openLaunchLine();
    expect(await shell(line, 'cat; echo oops >&2; pwd; exit 7', 'in')).toEqual([
      `in${process.cwd()}\n`,
      'oops\n',
      7,
    ]);
  });

  it.each([0, 1, 125, 255])('ends with %i as the program does', async (code) => {
    await using line = await openLaunchLine();
    expect((await shell(line, `exit ${code}`))[2]).toBe(code);
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
    ['INT', 130],
  ])('ends with 128 and the number when SIG%s ends the program', async (signal, code) => {
    await using line = await openLaunchLine();
    expect((await shell(line, `kill -${signal} $$`))[2]).toBe(code);
  });

  it('carries 10 MB each way without a byte lost or changed', async () => {
    await using line = await openLaunchLine();
    const sent = randomBytes(10 * MEGABYTE);
    const child = line.start(['run', '--', 'cat']);
    child.stdin!.end(sent);
    const received = await buffer(child.stdout!);
    expect(received.equals(sent)).toBe(true);
    expect(await exitOf(child)).toEqual([0, null]);
  });

  it('passes files and /dev/null themselves', async () => {
    await using line = await openLaunchLine();
    await using folder = await temporaryFolder();
    const file = openSync(join(folder.path, 'out'), 'w');
    const child = line.start(
      ['run', '--', 'sh', '-c', 'readlink /proc/self/fd/0 /proc/self/fd/2'],
      ['ignore', file, file],
    );
    expect(await exitOf(child)).toEqual([0, null]);
    closeSync(file);
    const path = join(folder.path, 'out');
    expect(readFileSync(path, 'utf8')).toBe(`/dev/null\n${path}\n`);
  });

  it('leaves pipes blocking, as programs expect them', async () => {
    await using line = await openLaunchLine();
    // What a shell makes; Node gives its children sockets.
    const script = `"$@" | cat`;
    const launch = line.start([]).spawnargs.slice(0, -1);
    const flags = ['launch', 'run', '--', 'cat', '/proc/self/fdinfo/1'];
    const child = spawn('sh', ['-c', script, 'sh', ...launch, ...flags], {
      env: line.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(child.stdout)).toMatch(/^flags:\t01$/mu);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)(
    'passes %s to the program, and goes on until that ends',
    async (signal) => {
      await using line = await openLaunchLine();
      const script = `trap 'echo got; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.01; done`;
      const child = line.start(['run', '--', 'sh', '-c', script]);
      await once(child.stdout!, 'data');
      child.kill(signal);
      expect(await text(child.stdout!)).toBe('got\n');
      expect(await exitOf(child)).toEqual([3, null]);
    },
  );

  it('can be interrupted twice before the program executes', async () => {
    await using line = await openLaunchLine();
    const start = Promise.withResolvers<void>();
    line.launching.starting = start.promise;
    const child = line.start(['run', '--', 'sleep', '60']);
    await expect.poll(() => line.door.statistics.connections).toBe(1);
    const interrupted = (): boolean => child.kill('SIGINT') && child.exitCode === null;
    await expect.poll(interrupted).toBe(false);
    expect(await exitOf(child)).toEqual([130, null]);
    start.resolve();
    await expect.poll(() => line.launching.heard).toEqual(['hang-up']);
  });

  it('hangs up on the program when it is killed', async () => {
    await using line = await openLaunchLine();
    const child = line.start([
      'run',
      '--',
      'sh',
      '-c',
      "trap 'echo hung up; exit' HUP; echo ready; sleep 60 > /dev/null & wait",
    ]);
    await once(child.stdout!, 'data');
    const rest = text(child.stdout!);
    child.kill('SIGKILL');
    expect(await rest).toBe('hung up\n');
    await expect.poll(() => line.launching.running.size).toBe(0);
  });

  it('waits for the program when the daemon goes away, passes signals itself, and then says 125', async () => {
    await using line = await openLaunchLine();
    const script = "trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
    const child = line.start(['run', '--', 'sh', '-c', script]);
    const err = text(child.stderr!);
    await once(child.stdout!, 'data');
    await line.close();
    await expect.poll(() => line.door.statistics.connections).toBe(0);
    expect(child.exitCode).toBeNull();
    const rest = text(child.stdout!);
    setTimeout(() => child.kill('SIGTERM'), 100);
    expect(await rest).toBe('got\n');
    expect(await exitOf(child)).toEqual([125, null]);
    expect(await err).toMatch(/^spoor: error: the daemon went away while run ran\n[^]*code: LAUNCH_LOST\n$/u);
  });
});

describe('spoor launch that fails by itself', () => {
  it.each([
    [['nothing'], 'DEFINITION_NOT_FOUND'],
    [['run', '--launch-socket', '/nowhere/launch.sock'], 'DAEMON_UNREACHABLE'],
    [[], 'ARGUMENT_INVALID'],
    [['run', '--nonsense'], 'ARGUMENT_INVALID'],
  ])('says why, and ends with 125: %j', async (args, code) => {
    await using line = await openLaunchLine();
    const child = line.start(args);
    const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
    expect([await exitOf(child), out]).toEqual([[125, null], '']);
    expect(err).toMatch(/^spoor: error: .*\n(?:spoor: facts: .*\n)?spoor: remedy: .*\nspoor: code: /u);
    expect(err).toContain(`spoor: code: ${code}\n`);
  });

  it('says so when the daemon stops before the program executes', async () => {
    await using line = await openLaunchLine();
    const start = Promise.withResolvers<void>();
    line.launching.starting = start.promise;
    const child = line.start(['run', '--', 'true']);
    const err = text(child.stderr!);
    await expect.poll(() => line.door.statistics.connections).toBe(1);
    await line.close();
    expect(await exitOf(child)).toEqual([125, null]);
    start.resolve();
    expect(await err).toContain('spoor: code: DAEMON_UNREACHABLE\n');
  });
});

describe('spoor launch --detach', () => {
  it('prints the id, and returns while the program goes on', async () => {
    await using line = await openLaunchLine();
    const child = line.start(['--detach', 'run', '--', 'sleep', '60']);
    child.stdin!.end();
    const out = await text(child.stdout!);
    expect(await exitOf(child)).toEqual([0, null]);
    expect(out).toBe(`${[...line.launching.running.keys()][0]}\n`);
    expect(line.launching.requests[0]).toMatchObject({ detach: true, terminal: false });
  });

  it('prints JSON, and does not keep the pipe of its own words from ending', async () => {
    await using line = await openLaunchLine();
    const launch = line.start([]).spawnargs.slice(0, -1);
    const args = ['launch', '--detach', '--output', 'json', 'run', '--', 'sleep', '60'];
    const child = spawn('sh', ['-c', 'x=$("$@"); echo "$x"', 'sh', ...launch, ...args], {
      env: line.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [[instance]] = [[JSON.parse(await text(child.stdout)) as object]];
    const [id] = [...line.launching.running.keys()];
    expect(instance).toEqual({ instance: id, pid: Number(id?.slice(1)) });
  });
});
