import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { exitOf, openLaunchLine } from '../fakes/launch-line.js';
import { TestTerminal } from '../fakes/test-terminal.js';

const MEGABYTE = 1_048_576;
const NODE = process.execPath;

/** A program that makes its terminal raw, and then copies what is typed to what is shown until it has had so much. */
const COPY = (bytes: number): string => `
  process.stdin.setRawMode(true);
  process.stdout.write('ready');
  let left = ${bytes};
  process.stdin.on('data', (chunk) => {
    left -= chunk.length;
    process.stdout.write(chunk, () => { if (left === 0) process.exit(5); });
  });
`;

describe('spoor launch at a terminal', () => {
  it('gives the program a controlling terminal of the same size, which echoes', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    terminal.resize(31, 97);
    const child = line.startAt(terminal, [
      'run',
      '--',
      'sh',
      '-c',
      'stty size; tty; read x; echo "<$x>"; exit 3',
    ]);
    await terminal.until('31 97\r\n');
    expect(await terminal.until('\r\n')).toMatch(/^\/dev\/pts\/\d+$/u);
    await terminal.type('hello\n');
    expect(await terminal.until('<hello>\r\n')).toBe('hello\r\n');
    expect(await exitOf(child)).toEqual([3, null]);
    expect(line.launching.requests[0]).toMatchObject({ terminal: true });
  });

  it('tells the program when the size changes', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done";
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', script]);
    await terminal.until('ready\r\n');
    terminal.resize(50, 132);
    await terminal.until('50 132\r\n');
    expect(await exitOf(child)).toEqual([0, null]);
    // By its terminal, and not by us.
    expect(line.launching.heard).toEqual([]);
  });

  it.each([
    ['Ctrl-C', '\x03', 'INT'],
    ['Ctrl-\\', '\x1c', 'QUIT'],
  ])('lets %s reach the program as a signal', async (_key, byte, signal) => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const script = `trap 'echo got; exit 4' ${signal}; echo ready; while :; do sleep 0.01; done`;
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', script]);
    await terminal.until('ready\r\n');
    await terminal.type(byte);
    await terminal.until('got\r\n');
    expect(await exitOf(child)).toEqual([4, null]);
    expect(line.launching.heard).toEqual([]);
  });

  it('lets a full-screen program have every byte of its own', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const screen = '\x1b[?1049h\x1b[2J\x1b[1;1Hü\n\x1b[?25l\x00\x7f\x1b[?1049l';
    const program = `process.stdin.setRawMode(true); require('child_process').spawnSync('stty', ['-opost'], {stdio: 'inherit'});
      process.stdout.write(${JSON.stringify(screen)});`;
    const child = line.startAt(terminal, ['run', '--', NODE, '-e', program]);
    expect(await exitOf(child)).toEqual([0, null]);
    expect((await terminal.untilBytes(Buffer.byteLength(screen))).equals(Buffer.from(screen))).toBe(true);
  });

  it('carries 10 MB each way without a byte lost or changed, however much faster one end is', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const before = terminal.mode;
    const sent = randomBytes(10 * MEGABYTE);
    const child = line.startAt(terminal, [
      'run',
      '--',
      NODE,
      '-e',
      `require('child_process').spawnSync('stty', ['raw', '-echo'], {stdio: 'inherit'});${COPY(sent.length)}`,
    ]);
    await terminal.until('ready');
    await terminal.type(sent);
    expect(await exitOf(child)).toEqual([5, null]);
    expect((await terminal.untilBytes(sent.length)).equals(sent)).toBe(true);
    expect(terminal.mode).toEqual(before);
  });

  it('shows the last words of a program that ends at once', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', 'seq 1 100000']);
    expect(await exitOf(child)).toEqual([0, null]);
    expect(await terminal.until('\r\n100000\r\n')).toContain('\r\n99999');
  });

  it('ends with the program, also when something that it started keeps the terminal', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', 'nohup sleep 60 & echo done; exit 6']);
    expect(await exitOf(child)).toEqual([6, null]);
    await terminal.until('done\r\n');
  });

  it('makes the terminal raw meanwhile, and gives it back as it was, however the program ends', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const before = terminal.mode;
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', 'echo ready; sleep 60']);
    await terminal.until('ready\r\n');
    expect(terminal.mode).not.toEqual(before);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toEqual([143, null]);
    expect(terminal.mode).toEqual(before);
  });

  it('gives the terminal back while it is stopped, and takes it again', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const before = terminal.mode;
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', 'echo ready; read x; echo "<$x>"']);
    await terminal.until('ready\r\n');
    const raw = terminal.mode;
    child.kill('SIGTSTP');
    await expect.poll(() => terminal.mode).toEqual(before);
    child.kill('SIGCONT');
    await expect.poll(() => terminal.mode).toEqual(raw);
    await terminal.type('on\n');
    await terminal.until('<on>\r\n');
    expect(await exitOf(child)).toEqual([0, null]);
  });

  it('hangs up on the program when it is killed', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', 'echo ready; sleep 60']);
    await terminal.until('ready\r\n');
    const ended = [...line.launching.running.values()][0]?.ended;
    child.kill('SIGKILL');
    expect(await ended).toEqual({ signal: 'SIGHUP' });
    // By the kernel, and not by the daemon.
    expect(line.launching.heard).toEqual([]);
  });

  it('goes on relaying when the daemon goes away, and ends with 125', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const before = terminal.mode;
    const child = line.startAt(terminal, ['run', '--', 'sh', '-c', 'echo ready; read x; echo "<$x>"']);
    await terminal.until('ready\r\n');
    await line.close();
    await terminal.type('still\n');
    await terminal.until('<still>\r\n');
    await terminal.until('spoor: code: LAUNCH_LOST');
    expect(await exitOf(child)).toEqual([125, null]);
    expect(terminal.mode).toEqual(before);
  });

  it('passes what is no terminal beside it, and shows on a terminal where nothing is typed', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const script = 'test -t 0 || echo in; test -t 1 && echo out; test -t 2 && echo err; stty size <&1';
    const child = line.start(
      ['run', '--', 'sh', '-c', script],
      ['ignore', terminal.descriptor, terminal.descriptor],
    );
    expect(await terminal.until('24 80\r\n')).toBe('in\r\nout\r\nerr\r\n');
    expect(await exitOf(child)).toEqual([0, null]);
    expect(line.launching.requests[0]).toMatchObject({ terminal: false });
  });

  it('leaves no terminal to a detached program', async () => {
    await using line = await openLaunchLine();
    await using terminal = new TestTerminal();
    const child = line.startAt(terminal, ['--detach', 'run', '--', 'sleep', '60']);
    expect(await exitOf(child)).toEqual([0, null]);
    const pid = [...line.launching.running.values()][0]?.status.pid;
    const { readlinkSync } = await import('node:fs');
    expect([0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))).toEqual(Array(3).fill('/dev/null'));
  });
});
