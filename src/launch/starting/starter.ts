import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { SpoorError } from '../../core/errors.js';
import type { Ending } from '../launching.js';
import { DESCRIPTORS, READY, type Stage2Failure, type Stage2Order } from './stage2-order.js';

/** Stage 2 needs a twentieth of a second; more on a machine that swaps. */
const EXECUTE_MS = 30_000;

/** Descriptors of a start; they stay the caller's own. */
export interface StartDescriptors {
  /** Standard input, output and error; a pipe is for the caller to read. */
  readonly stdio: readonly [number | 'ignore', number | 'pipe', number | 'ignore'];
  readonly executable: number;
  /** The script and the loader that runs it. */
  readonly loaded?: { readonly script: number; readonly loader: number };
}

/** A process between its start and the moment in which it becomes the program. */
export interface StartingProcess {
  readonly pid: number;
  /** Standard output, where it is a pipe. */
  readonly output: Readable | null;
  /** Never rejects. */
  readonly ended: Promise<Ending>;
  /** Gives stage 2 its order. Resolves once the program executes. Errors: LAUNCH_FAILED. */
  execute(order: Omit<Stage2Order, 'loaded'>): Promise<void>;
  /** Lets a loader run its script; without one there is nothing to be let. */
  openGate(): void;
}

/**
 * Starts stage 2, which waits for its order.
 *
 * Takes:  `command`: Node.js and its arguments, the program of stage 2 last. `own`: numbers of children that Node.js
 *         reaps; this one is added until it has ended.
 *         `executeMs`: a process that does not execute the program so soon after its order is killed.
 * Errors: LAUNCH_FAILED when there can be no process.
 * Source: decision 4.
 */
export async function startStage2(
  command: readonly string[],
  descriptors: StartDescriptors,
  own: Set<number>,
  executeMs = EXECUTE_MS,
): Promise<StartingProcess> {
  const { stdio, executable, loaded } = descriptors;
  const [node = '', ...args] = command;
  const child = spawn(node, args, {
    cwd: '/',
    env: {},
    stdio: [
      ...stdio,
      loaded?.script ?? 'ignore',
      loaded?.loader ?? 'ignore',
      loaded === undefined ? 'ignore' : 'pipe',
      executable,
      'pipe',
      'pipe',
    ],
  });
  const ended = endingOf(child, own);
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw failed('no process could be made', cause);
  }
  // A launched program outlives the daemon: it keeps nobody waiting.
  child.unref();
  return {
    pid: child.pid ?? 0,
    output: child.stdout,
    ended,
    execute: (order) => execute(child, { ...order, loaded: loaded !== undefined }, executeMs),
    openGate: () => say(child, DESCRIPTORS.gate, 'go\n'),
  };
}

async function execute(child: ChildProcess, order: Stage2Order, withinMs: number): Promise<void> {
  const status = readStatus(child);
  say(child, DESCRIPTORS.order, JSON.stringify(order));
  // Any process of the user can stop it, once it is that user.
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  const said = await status;
  clearTimeout(late);
  if (said === READY) return;
  if (!said.endsWith('}')) throw failed('the process that was to execute it ended too early');
  const { failure } = JSON.parse(said.replace(READY, '')) as Stage2Failure;
  throw failed(failure);
}

/** Ends when the program executes, since the pipe is closed then, or when there is no process any more. */
async function readStatus(child: ChildProcess): Promise<string> {
  try {
    return await text(pipeOf(child, DESCRIPTORS.status) as Readable);
  } catch {
    return ''; // ECONNRESET: it ended with its order unread
  }
}

function say(child: ChildProcess, at: number, words: string): void {
  const pipe = pipeOf(child, at) as Writable | null | undefined;
  // EPIPE: nobody is there to hear it any more, which its end says in other ways.
  pipe?.on('error', () => {});
  pipe?.end(words);
}

/** Node's type knows five of them. */
function pipeOf({ stdio }: ChildProcess, at: number): unknown {
  const pipes: readonly unknown[] = stdio;
  return pipes[at];
}

function endingOf(child: ChildProcess, own: Set<number>): Promise<Ending> {
  const { pid = 0 } = child;
  own.add(pid);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      own.delete(pid);
      resolve(signal === null ? { code: code ?? 0 } : { signal });
    });
  });
}

function failed(why: string, cause?: unknown): SpoorError {
  return new SpoorError('LAUNCH_FAILED', `the program could not be started: ${why}`, { cause });
}
