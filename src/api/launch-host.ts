import { Socket } from 'node:net';
import { SpoorError } from '../core/errors.js';
import type { Departure, Host } from '../door/host.js';
import type { Line } from '../door/opening.js';
import type { Peer } from '../door/peer.js';
import type { MessageReceiver } from '../kernel/message-receiver.js';
import type { Launching, LaunchRequest, Wanted } from '../launch/launching.js';
import type { DescriptorBudget } from '../measurement/descriptor-budget.js';
import { writeLaunchFrame, type LaunchHello } from '../wire/launch-frames.js';
import type { CallContext } from './call-context.js';
import type { Desk } from './desk.js';
import { LaunchConversation } from './launch-conversation.js';
import { faultOf } from './launch-faults.js';
import { LaunchOpening, type Order } from './launch-opening.js';

/** How launches are named in log, record and metrics. */
export const LAUNCH_METHOD = '/spoor.v1.Launch/Launch';
/** Launches of one uid that somebody waits for. */
const MAX_OPEN_PER_UID = 256;
/** Beside its connection: what a launch brings along, and what it takes to watch the program. */
const DESCRIPTORS_EACH = 3;
const CHALLENGE_BYTES = 16;

export interface LaunchHostDeps {
  readonly launching: Launching;
  readonly desk: Desk;
  /** With room for three descriptors. */
  readonly receiver: MessageReceiver;
  readonly budget: DescriptorBudget;
  readonly closeDescriptor: (descriptor: number) => void;
  /** Unforeseeable bytes. */
  readonly random: (bytes: number) => Buffer;
}

/** Lets those launch who connect to the launch socket, and keeps the conversation with each. */
export class LaunchHost implements Host<LaunchOpening> {
  readonly receiver: MessageReceiver;
  readonly #deps: LaunchHostDeps;
  readonly #calls = new WeakMap<LaunchOpening, CallContext>();
  readonly #openByUid = new Map<number, number>();
  readonly #sockets = new Set<Socket>();

  constructor(deps: LaunchHostDeps) {
    this.receiver = deps.receiver;
    this.#deps = deps;
    deps.desk.rooms.stopping.addEventListener('abort', () => this.#cut(), { once: true });
  }

  get size(): number {
    return this.#sockets.size;
  }

  begin(peer: Peer, line: Line): LaunchOpening {
    const opening: LaunchOpening = new LaunchOpening({
      line,
      challenge: this.#deps.random(CHALLENGE_BYTES).toString('hex'),
      judge: (hello) => this.#judge(hello, peer, line, opening),
      closeDescriptor: this.#deps.closeDescriptor,
      over: () => this.#abandoned(opening, peer),
    });
    return opening;
  }

  give(descriptor: number, peer: Peer, opening: LaunchOpening, departure: Departure): void {
    const socket = new Socket({ fd: descriptor });
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      departure.closed();
    });
    setImmediate(() => void this.#converse(socket, peer, opening, departure));
  }

  async close(): Promise<void> {
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    this.#cut();
    await Promise.all(gone);
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #judge(
    { name }: LaunchHello,
    peer: Peer,
    line: Line,
    opening: LaunchOpening,
  ): Promise<Wanted | undefined> {
    const { desk, launching } = this.#deps;
    const context = desk.openFor(LAUNCH_METHOD, peer);
    try {
      desk.admit(context);
      this.#enter(peer.process.uid);
    } catch (error) {
      return this.#refuse(context, error, line);
    }
    this.#calls.set(opening, context);
    try {
      return await launching.wants(name, peer.process);
    } catch (error) {
      // Nobody waits for an answer whose connection is over.
      if (!this.#calls.delete(opening)) return undefined;
      this.#leave(peer.process.uid);
      return this.#refuse(context, error, line);
    }
  }

  #refuse(context: CallContext, error: unknown, line: Line): undefined {
    this.#deps.desk.refuse(context, error);
    line.say(writeLaunchFrame({ error: faultOf(error, context.call) }));
  }

  /** The connection ended at the door. */
  #abandoned(opening: LaunchOpening, { process }: Peer): void {
    const context = this.#calls.get(opening);
    if (context === undefined) return;
    this.#calls.delete(opening);
    this.#leave(process.uid);
    context.end('hung up');
    this.#deps.desk.done(context);
  }

  async #converse(socket: Socket, peer: Peer, opening: LaunchOpening, departure: Departure): Promise<void> {
    const { desk, launching } = this.#deps;
    const [order, context] = [opening.takeOrder(), this.#calls.get(opening)];
    if (order === undefined || context === undefined) {
      departure.malformed(new SpoorError('INVARIANT_BROKEN', 'a launch was let in before it was complete'));
      return void socket.destroy();
    }
    const launch = (request: LaunchRequest) => launching.launch(request, peer.process);
    const malformed = (error: unknown) => departure.malformed(error);
    const request = requestOf(order);
    await new LaunchConversation({ socket, request, launch, context, desk, malformed }).run();
    this.#calls.delete(opening);
    this.#leave(peer.process.uid);
  }

  /** Errors: RATE_EXCEEDED. */
  #enter(uid: number): void {
    const open = this.#openByUid.get(uid) ?? 0;
    if (open >= MAX_OPEN_PER_UID) {
      throw new SpoorError(
        'RATE_EXCEEDED',
        `uid ${uid} waits for ${open} launches; ${MAX_OPEN_PER_UID} are allowed: detach some`,
      );
    }
    if (this.#deps.budget.take(uid, DESCRIPTORS_EACH) !== 'taken') {
      throw new SpoorError('RATE_EXCEEDED', `uid ${uid} has too many descriptors open in the daemon`);
    }
    this.#openByUid.set(uid, open + 1);
  }

  #leave(uid: number): void {
    const open = (this.#openByUid.get(uid) ?? 1) - 1;
    if (open > 0) this.#openByUid.set(uid, open);
    else this.#openByUid.delete(uid);
    this.#deps.budget.give(uid, DESCRIPTORS_EACH);
  }
}

/** Of the environment only what was wanted: the client may send anything. */
function requestOf({ hello, order, wanted, stdio }: Order): LaunchRequest {
  const { name, detach } = hello;
  const { args, cwd, terminal } = order;
  const env = Object.fromEntries(
    wanted.env.flatMap((variable) => {
      const value = Object.hasOwn(order.env, variable) ? order.env[variable] : undefined;
      return value === undefined ? [] : [[variable, value]];
    }),
  );
  return { name, args, env, cwd, detach, terminal, stdio };
}
