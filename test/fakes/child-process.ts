import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A real process that ends with the test. */
export interface RunningChild extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its next line on standard output. */
  line(): Promise<string>;
  /** Sends a line to its standard input. */
  tell(line: string): void;
  /** Ends it at once and waits until it is reaped. */
  kill(): Promise<void>;
}

/** Starts a program; resolves when it has been executed. */
export async function startChild(
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<RunningChild> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  await once(child, 'spawn');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    pid: child.pid!,
    child,
    line: async () => String((await lines.next()).value),
    tell: (line) => void child.stdin!.write(`${line}\n`),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** Ends a process that is not our own child, at the end of the test: `cleanup.use(endAtLast(pid))`. */
export function endAtLast(pid: number): Disposable {
  return {
    [Symbol.dispose]: () => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    },
  };
}
