import { Socket } from 'node:net';
import { ERRORS, SpoorError, type ErrorCode } from '../../core/errors.js';
import { DescriptorSender } from '../../kernel/descriptor-sender.js';
import type { Kernel } from '../../kernel/kernel.js';
import {
  LAUNCH_VERSION,
  LaunchFrames,
  MAX_ANSWER_BYTES,
  writeLaunchFrame,
  type LaunchAnswer,
  type LaunchFault,
  type LaunchOrder,
  type PassedSignal,
} from '../../wire/launch-frames.js';
import { unreachable } from '../unreachable.js';

/** What the daemon wants to have sent along, and the challenge that goes back with it. */
export interface Wish {
  readonly challenge: string;
  readonly env: readonly string[];
}

/** The program that was launched, as the daemon names it. */
export interface Launched {
  readonly instance: string;
  readonly pid: number;
}

/** One conversation with the launch socket: a message each way in its turn. */
export class LaunchClient implements Disposable {
  readonly #path: string;
  readonly #kernel: Kernel;
  readonly #descriptor: number;
  readonly #socket: Socket;
  readonly #frames = new LaunchFrames();
  readonly #answers: LaunchAnswer[] = [];
  #fault: Error | undefined;
  #over = false;
  #wake: () => void = () => {};

  private constructor(kernel: Kernel, path: string, descriptor: number) {
    this.#path = path;
    this.#kernel = kernel;
    this.#descriptor = descriptor;
    this.#socket = new Socket({ fd: descriptor });
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    // `close` follows, and says all that is to be known.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** Errors: DAEMON_UNREACHABLE naming the socket; ADMIN_DENIED when this user may not open it. */
  static async connect(kernel: Kernel, path: string): Promise<LaunchClient> {
    try {
      return new LaunchClient(kernel, path, kernel.sockets.connect(path));
    } catch (error) {
      throw await unreachable(path, error);
    }
  }

  /** Asks for a definition. Errors: those of the daemon. */
  async hello(name: string, detach: boolean): Promise<Wish> {
    this.#socket.write(writeLaunchFrame({ v: LAUNCH_VERSION, op: 'launch', name, detach }));
    const { challenge, env } = await this.#answer();
    if (challenge === undefined || env === undefined) throw outOfTurn();
    return { challenge, env };
  }

  /** Sends all that is to be launched with, and resolves once the program executes. Errors: those of the daemon. */
  async order(order: LaunchOrder, descriptors: readonly number[]): Promise<Launched> {
    const frame = writeLaunchFrame(order);
    const sent = new DescriptorSender(this.#kernel.libc).send(this.#descriptor, frame, descriptors);
    if (typeof sent === 'string') {
      throw new SpoorError('SOCKET_UNUSABLE', `the descriptors cannot be sent: ${sent}`, {
        facts: { socket: this.#path, errno: sent },
      });
    }
    if (sent < frame.length) this.#socket.write(frame.subarray(sent));
    const { launched } = await this.#answer();
    if (launched === undefined) throw outOfTurn();
    return launched;
  }

  /** How the program ended; undefined when the daemon is gone, and the ending with it. */
  async ending(): Promise<LaunchAnswer['ended']> {
    const answer = await this.#next();
    if (answer?.error !== undefined) throw errorOf(answer.error);
    return answer?.ended;
  }

  /** Has a signal sent to the program. */
  signal(signal: PassedSignal): void {
    if (this.#socket.writable) this.#socket.write(writeLaunchFrame({ signal }));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #answer(): Promise<LaunchAnswer> {
    const answer = await this.#next();
    if (answer === undefined) throw await unreachable(this.#path);
    if (answer.error !== undefined) throw errorOf(answer.error);
    return answer;
  }

  async #next(): Promise<LaunchAnswer | undefined> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      if (this.#fault !== undefined) throw this.#fault;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #hear(chunk: Buffer): void {
    try {
      this.#frames.take(chunk);
      for (;;) {
        const value = this.#frames.next(MAX_ANSWER_BYTES);
        if (value === undefined) break;
        this.#answers.push(value as LaunchAnswer);
      }
    } catch (error) {
      this.#fault = error as Error;
    }
    this.#wake();
  }
}

/** A newer daemon's code has no row here: its own words then say what to do. */
function errorOf({ code, message, remedy, facts }: LaunchFault): SpoorError {
  if (Object.hasOwn(ERRORS, code)) return new SpoorError(code as ErrorCode, message, { facts });
  const newer = { ...facts, daemon_code: code, daemon_remedy: remedy };
  return new SpoorError('LAUNCH_FAILED', message, { facts: newer });
}

function outOfTurn(): SpoorError {
  return new SpoorError('LAUNCH_MESSAGE_INVALID', 'the daemon answers with something else than was asked');
}
