import { SpoorError } from '../core/errors.js';
import { parseIJson } from '../encoding/i-json.js';

/** Version of the launch protocol; the client names it first. */
export const LAUNCH_VERSION = 1;
/** Standard input, output and error go with the first bytes of the client's second message. */
export const LAUNCH_DESCRIPTORS = 3;

/** What the client says first is a name. */
export const MAX_HELLO_BYTES = 4_096;
/** Then arguments and environment: execve(2) takes some 2 MB of both together. */
export const MAX_REQUEST_BYTES = 1_048_576;
/** And then signals. */
export const MAX_SIGNAL_BYTES = 4_096;
/** The daemon's longest message names the variables that it wants. */
export const MAX_ANSWER_BYTES = 1_048_576;

const LENGTH_BYTES = 4;
const EMPTY = Buffer.alloc(0);

/** Signals that a client may have sent to the program. */
export const PASSED_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGCONT',
  'SIGWINCH',
] as const;
export type PassedSignal = (typeof PASSED_SIGNALS)[number];

/** The client's first message. */
export interface LaunchHello {
  readonly v: typeof LAUNCH_VERSION;
  readonly op: 'launch';
  /** Of a launch definition. */
  readonly name: string;
  readonly detach: boolean;
}

/** The client's second message, with which standard input, output and error are sent. */
export interface LaunchOrder {
  /** Repeats what the daemon has sent. */
  readonly challenge: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard input is a terminal. */
  readonly terminal: boolean;
}

/** What the client says afterwards. */
export interface LaunchSignal {
  readonly signal: PassedSignal;
}

/** What the daemon may see wrong, or refuse. */
export interface LaunchFault {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** What the daemon says: one of these at a time. */
export interface LaunchAnswer {
  /** With `env`, the names of the variables that it wants: its answer to the first message. */
  readonly challenge?: string;
  readonly env?: readonly string[];
  readonly launched?: { readonly instance: string; readonly pid: number };
  readonly ended?: { readonly code: number } | { readonly signal: string };
  readonly error?: LaunchFault;
}

/** Writes one message: its length as 4 bytes, the most significant first, then JSON. */
export function writeLaunchFrame(message: LaunchHello | LaunchOrder | LaunchSignal | LaunchAnswer): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  const frame = Buffer.alloc(LENGTH_BYTES + json.length);
  frame.writeUInt32BE(json.length, 0);
  json.copy(frame, LENGTH_BYTES);
  return frame;
}

/** Puts messages together again from pieces, cut anywhere. */
export class LaunchFrames {
  #pieces: Buffer[] = [];
  #length = 0;

  /** Whether all that was taken has been given. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Takes the next bytes, which become its own. */
  take(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#length += chunk.length;
  }

  /**
   * The next message, not yet checked; undefined when more bytes are needed.
   *
   * Errors: LAUNCH_MESSAGE_INVALID when it has more than `limit` bytes or is not I-JSON.
   */
  next(limit: number): unknown {
    if (this.#length < LENGTH_BYTES) return undefined;
    const size = this.#joined().readUInt32BE(0);
    if (size > limit) throw invalidLaunch(`a message has ${size} bytes; ${limit} are allowed`);
    const end = LENGTH_BYTES + size;
    if (this.#length < end) return undefined;
    const bytes = this.#joined();
    this.#pieces = bytes.length === end ? [] : [bytes.subarray(end)];
    this.#length = bytes.length - end;
    return parse(bytes.subarray(LENGTH_BYTES, end));
  }

  /** Joined only when there is something to read in it, so that many small pieces cost no square. */
  #joined(): Buffer {
    const [first = EMPTY] = this.#pieces;
    if (this.#pieces.length === 1) return first;
    if (first.length >= LENGTH_BYTES && this.#length < LENGTH_BYTES + first.readUInt32BE(0)) return first;
    const joined = Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    return joined;
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return parseIJson(bytes);
  } catch (cause) {
    throw new SpoorError('LAUNCH_MESSAGE_INVALID', `a message is ${reason(cause)}`, { cause });
  }
}

function reason(cause: unknown): string {
  return cause instanceof SpoorError ? cause.message : 'not I-JSON';
}

/** Someone does not speak the launch protocol. */
export function invalidLaunch(message: string): SpoorError {
  return new SpoorError('LAUNCH_MESSAGE_INVALID', message);
}
