import type { Socket } from 'node:net';
import type { LaunchRequest, RunningLaunch } from '../launch/launching.js';
import {
  invalidLaunch,
  LaunchFrames,
  MAX_SIGNAL_BYTES,
  writeLaunchFrame,
  type LaunchAnswer,
  type PassedSignal,
} from '../wire/launch-frames.js';
import { readSignal } from '../wire/launch-messages.js';
import type { CallContext } from './call-context.js';
import type { Desk } from './desk.js';
import { stopping } from './desk.js';
import { faultOf } from './launch-faults.js';
import { TokenBucket } from './token-bucket.js';

/** More would be a flood: standard signals do not queue anyway. */
const SIGNAL_RATE = { perSecond: 50, burst: 200 };

export interface ConversationDeps {
  readonly socket: Socket;
  readonly request: LaunchRequest;
  /** Starts the program, and closes the descriptors of `request` whatever happens. */
  readonly launch: (request: LaunchRequest) => Promise<RunningLaunch>;
  readonly context: CallContext;
  readonly desk: Desk;
  /** The connection is ended for what its client said. */
  readonly malformed: (error: unknown) => void;
}

/**
 * One launch from its start to the end of the program: passes signals, and says how it ended. A client that hangs up
 * does to the program what a closed terminal would.
 */
export class LaunchConversation {
  readonly #deps: ConversationDeps;
  readonly #frames = new LaunchFrames();
  readonly #gone: Promise<'gone'>;
  readonly #signals = new TokenBucket();
  /** Signals that came before the program executed. */
  readonly #early: PassedSignal[] = [];
  #running: RunningLaunch | undefined;

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
    const { socket } = deps;
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve('gone')));
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    // `close` follows, and that is what is acted upon.
    socket.on('error', () => {});
  }

  /** Resolves when nothing more is to be said. Never rejects. */
  async run(): Promise<void> {
    const { launch, request, socket, desk, context } = this.#deps;
    try {
      this.#running = await launch(request);
      await this.#attend(this.#running);
      if (desk.rooms.stopping.aborted) throw stopping();
      desk.done(context);
    } catch (error) {
      desk.refuse(context, error);
      // Whom the stop cuts off hears nothing: the program goes on.
      if (!desk.rooms.stopping.aborted) this.#say({ error: faultOf(error, context.call) });
    }
    socket.destroySoon();
  }

  async #attend(running: RunningLaunch): Promise<void> {
    const { request } = this.#deps;
    const { instance, pid } = running;
    const told = this.#say({ launched: { instance, pid } });
    if (request.detach) return;
    for (const signal of this.#early.splice(0)) running.signal(signal);
    const first = await Promise.race([running.ended, this.#gone]);
    if (first !== 'gone') this.#say({ ended: first });
    else this.#abandon(running, told);
  }

  /** A terminal hangs up by itself, as its other end is closed. To whoever knows the program, a stop is no hang-up. */
  #abandon(running: RunningLaunch, told: boolean): void {
    const { request, context, desk } = this.#deps;
    if (desk.rooms.stopping.aborted && told) return;
    context.end('hung up');
    if (!request.terminal) running.hangUp();
  }

  #hear(chunk: Buffer): void {
    try {
      this.#frames.take(chunk);
      for (;;) {
        const value = this.#frames.next(MAX_SIGNAL_BYTES);
        if (value === undefined) return;
        this.#pass(readSignal(value).signal);
      }
    } catch (error) {
      this.#deps.malformed(error);
      this.#deps.socket.destroy();
    }
  }

  #pass(signal: PassedSignal): void {
    const nowMs = this.#deps.desk.rooms.clock.monotonicMs();
    if (!this.#signals.take(SIGNAL_RATE, nowMs)) throw invalidLaunch('it sends too many signals');
    if (this.#running === undefined) this.#early.push(signal);
    else this.#running.signal(signal);
  }

  /** Returns whether there is somebody to say it to. */
  #say(answer: LaunchAnswer): boolean {
    const { socket } = this.#deps;
    if (!socket.writable) return false;
    socket.write(writeLaunchFrame(answer));
    return true;
  }
}
