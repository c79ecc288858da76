import { tmpdir } from 'node:os';
import { isatty } from 'node:tty';
import { text } from 'node:stream/consumers';
import { MACHINE_CLOCK } from '../core/machine-clock.js';
import type { ExitCode } from './exit-code.js';
import { homeFolder } from './home-folder.js';
import type { CliIo, Sink } from './io.js';
import { run } from './run.js';

/** Runs the command line of this process. */
export async function runInProcess(): Promise<ExitCode> {
  return await run(process.argv.slice(2), processIo());
}

/** What a command may touch of this process. */
export function processIo(): CliIo {
  return {
    out: sinkOf(1, quietStdout()),
    err: sinkOf(2, () => process.stderr),
    clock: MACHINE_CLOCK,
    facts: {
      uid: process.geteuid?.() ?? 0,
      home: homeFolder() ?? '/',
      temporary: tmpdir(),
      env: process.env,
    },
    readInput: () => text(process.stdin),
    interrupted,
  };
}

/** Node makes a pipe non-blocking for all who share it as soon as its stream is named: not before it is written to. */
function sinkOf(fd: number, stream: () => NodeJS.WriteStream): Sink {
  return {
    write: (written) => {
      stream().write(written);
    },
    isTerminal: isatty(fd),
  };
}

function quietStdout(): () => NodeJS.WriteStream {
  let listens = false;
  return () => {
    if (!listens) endQuietlyWithReader(process.stdout);
    listens = true;
    return process.stdout;
  };
}

/** `spoor entry list | head -1` is no failure. Whoever has something to put away first listens for SIGPIPE. */
export function endQuietlyWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    // Node lets no process get the signal itself.
    if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(0);
  });
}

function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
