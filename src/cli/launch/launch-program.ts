import { constants } from 'node:os';
import { SpoorError } from '../../core/errors.js';
import { openKernel } from '../../kernel/kernel.js';
import { ReadinessSet } from '../../kernel/readiness.js';
import { Terminals } from '../../kernel/terminal.js';
import type { PassedSignal } from '../../wire/launch-frames.js';
import { LaunchClient, type Launched, type Wish } from './launch-client.js';
import { LostProgram } from './lost-program.js';
import { PassedSignals } from './passed-signals.js';
import { attachedStdio, detachedStdio, type Stdio } from './stdio.js';

/** What is to be launched, and with what. */
export interface LaunchCommand {
  readonly socket: string;
  readonly name: string;
  readonly args: readonly string[];
  /** This process's own, of which the daemon takes what the definition says. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** How the program ended. */
type Ended = { readonly code: number } | { readonly signal: string };

/**
 * Launches a program that goes on by itself.
 *
 * Errors: DAEMON_UNREACHABLE, SOCKET_UNUSABLE, and whatever the daemon says.
 */
export async function launchDetached(command: LaunchCommand): Promise<Launched> {
  using client = await LaunchClient.connect(openKernel(), command.socket);
  const wish = await client.hello(command.name, true);
  using stdio = detachedStdio();
  return await order(client, command, wish, stdio);
}

/**
 * Launches a program, and is its terminal and its ear for signals until it ends.
 *
 * Returns: its exit code, or 128 and the number of the signal that ended it.
 * Errors:  as `launchDetached`; LAUNCH_LOST once it has ended, when the daemon went away meanwhile.
 */
export async function launchAttached(command: LaunchCommand): Promise<number> {
  const kernel = openKernel();
  using client = await LaunchClient.connect(kernel, command.socket);
  const wish = await client.hello(command.name, false);
  using readiness = new ReadinessSet(kernel.libc);
  using signals = new PassedSignals();
  using stdio = attachedStdio(new Terminals(kernel.libc), readiness);
  const launched = await order(client, command, wish, stdio);
  using program = new LostProgram(kernel, readiness, launched);
  return statusOf(await attend(client, program, signals, stdio), command.name, launched);
}

async function order(
  client: LaunchClient,
  { args, env, cwd }: LaunchCommand,
  { challenge, env: wanted }: Wish,
  { terminal, descriptors }: Stdio,
): Promise<Launched> {
  const sent = Object.fromEntries(
    wanted.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return await client.order({ challenge, args, env: sent, cwd, terminal }, descriptors);
}

/** Returns undefined when nobody knows any more how it ended. */
async function attend(
  client: LaunchClient,
  program: LostProgram,
  signals: PassedSignals,
  stdio: Stdio,
): Promise<Ended | undefined> {
  stdio.relay?.start();
  signals.passTo((signal) => pass(signal, stdio, (passed) => client.signal(passed)));
  using _stops = stops(stdio);
  const ended = await client.ending();
  if (ended === undefined) {
    signals.passTo((signal) => pass(signal, stdio, (passed) => program.signal(passed)));
    await program.exit();
  }
  // Whoever cannot wait for the last words need not hear them.
  signals.passTo((signal) => {
    if (signal !== 'SIGWINCH' && signal !== 'SIGCONT') stdio.relay?.[Symbol.dispose]();
  });
  await stdio.relay?.drain();
  return ended;
}

/** A terminal tells its program by itself that its size has changed. */
function pass(signal: PassedSignal, { relay, terminal }: Stdio, send: (signal: PassedSignal) => void): void {
  if (signal === 'SIGWINCH') relay?.fit();
  if (signal === 'SIGCONT') relay?.takeOver();
  if (signal !== 'SIGWINCH' || !terminal) send(signal);
}

/** Whoever is stopped leaves the terminal as it was; SIGCONT takes it over again. */
function stops({ relay, terminal }: Stdio): Disposable {
  const stop = (): void => {
    relay?.giveBack();
    process.kill(process.pid, 'SIGSTOP');
  };
  if (terminal) process.on('SIGTSTP', stop);
  return { [Symbol.dispose]: () => process.off('SIGTSTP', stop) };
}

function statusOf(ended: Ended | undefined, name: string, { instance, pid }: Launched): number {
  if (ended === undefined) {
    throw new SpoorError('LAUNCH_LOST', `the daemon went away while ${name} ran`, {
      facts: { instance, pid },
    });
  }
  if ('code' in ended) return ended.code;
  return 128 + (constants.signals[ended.signal as NodeJS.Signals] ?? 0);
}
