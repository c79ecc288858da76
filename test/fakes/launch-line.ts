import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openLaunchDoor } from './launch-door.js';
import type { TestTerminal } from './test-terminal.js';
import { typescriptArguments } from './typescript-process.js';

const SPOOR = fileURLToPath(new URL('../../src/cli/spoor.ts', import.meta.url));

/** How a process ended. */
export type Exit = readonly [code: number | null, signal: string | null];

/** A launch socket, and `spoor launch` as a process of its own that finds it. Its definition `run` is any command. */
export async function openLaunchLine() {
  const cleanup = new AsyncDisposableStack();
  const door = cleanup.use(await openLaunchDoor());
  door.launching.definitions.set('run', []);
  const env = { PATH: process.env['PATH'], LANG: 'C', NO_COLOR: '1', SPOOR_LAUNCH_SOCKET: door.path };
  const children = new Set<ChildProcess>();
  cleanup.defer(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const kept = (child: ChildProcess): ChildProcess => {
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  return {
    ...door,
    env,
    /** With the descriptors that are given, or pipes. */
    start: (args: readonly string[], stdio: SpawnOptions['stdio'] = 'pipe') =>
      kept(spawn(process.execPath, typescriptArguments(SPOOR, 'launch', ...args), { stdio, env })),
    /** At a terminal. */
    startAt: (terminal: TestTerminal, args: readonly string[]) =>
      kept(terminal.start(process.execPath, typescriptArguments(SPOOR, 'launch', ...args), env)),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

export type LaunchLine = Awaited<ReturnType<typeof openLaunchLine>>;

export async function exitOf(child: ChildProcess): Promise<Exit> {
  if (child.exitCode !== null || child.signalCode !== null) return [child.exitCode, child.signalCode];
  return (await once(child, 'exit')) as [number | null, string | null];
}
