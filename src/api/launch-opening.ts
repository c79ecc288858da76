import type { DoorRefusal } from '../door/door-refusal.js';
import type { Line, Opening, OpeningState } from '../door/opening.js';
import type { Wanted } from '../launch/launching.js';
import {
  invalidLaunch,
  LAUNCH_DESCRIPTORS,
  LaunchFrames,
  MAX_HELLO_BYTES,
  MAX_REQUEST_BYTES,
  writeLaunchFrame,
  type LaunchHello,
  type LaunchOrder,
} from '../wire/launch-frames.js';
import { readHello, readOrder } from '../wire/launch-messages.js';
import { farewellOf } from './launch-faults.js';

const NOTHING = new Uint8Array(0);

/** One wish to launch, as it came through the door. */
export interface Order {
  readonly hello: LaunchHello;
  readonly order: LaunchOrder;
  readonly wanted: Wanted;
  readonly stdio: readonly [number, number, number];
}

export interface LaunchOpeningDeps {
  readonly line: Line;
  /** Unforeseeable, as hex. */
  readonly challenge: string;
  /** Undefined when it is refused, and told so. */
  readonly judge: (hello: LaunchHello) => Promise<Wanted | undefined>;
  readonly closeDescriptor: (descriptor: number) => void;
  /** It was not let in. */
  readonly over: () => void;
}

/**
 * The first words of a launch: a name, the daemon's challenge, and then all that is to be launched with, which repeats
 * the challenge. All of it comes through the door's own hands, written by the process that connected.
 *
 * Source: decision 4.
 */
export class LaunchOpening implements Opening {
  readonly greeting = NOTHING;
  readonly #deps: LaunchOpeningDeps;
  readonly #frames = new LaunchFrames();
  #descriptors: number[] = [];
  #stage: 'hello' | 'judging' | 'order' | 'ready' | 'over' = 'hello';
  #hello: LaunchHello | undefined;
  #wanted: Wanted | undefined;
  #order: LaunchOrder | undefined;

  constructor(deps: LaunchOpeningDeps) {
    this.#deps = deps;
  }

  get state(): OpeningState {
    return this.#stage === 'ready' ? 'ready' : 'waiting';
  }

  feed(chunk: Buffer, descriptors: readonly number[]): OpeningState {
    this.#descriptors.push(...descriptors);
    if (this.#stage !== 'hello' && this.#stage !== 'order') throw invalidLaunch('it speaks out of turn');
    this.#checkDescriptors(descriptors.length);
    this.#frames.take(chunk);
    if (this.#stage === 'hello') this.#readHello();
    else this.#readOrder();
    return this.state;
  }

  refused(why: DoorRefusal): Uint8Array {
    this.#stage = 'over';
    for (const descriptor of this.#descriptors.splice(0)) this.#deps.closeDescriptor(descriptor);
    this.#deps.over();
    return farewellOf(why);
  }

  /** All of it, once it is ready; the descriptors are the caller's from now on. */
  takeOrder(): Order | undefined {
    const [stdin, stdout, stderr] = this.#descriptors.splice(0);
    const [hello, order, wanted] = [this.#hello, this.#order, this.#wanted];
    if (hello === undefined || order === undefined || wanted === undefined) return undefined;
    if (stdin === undefined || stdout === undefined || stderr === undefined) return undefined;
    return { hello, order, wanted, stdio: [stdin, stdout, stderr] };
  }

  /** The kernel gives descriptors with the bytes that they were sent with, and never with earlier ones. */
  #checkDescriptors(count: number): void {
    const due = this.#stage === 'order' && this.#frames.isEmpty ? LAUNCH_DESCRIPTORS : 0;
    if (count === due) return;
    throw invalidLaunch(`${count} descriptors came with a part of a message where ${due} are due`);
  }

  #readHello(): void {
    const value = this.#frames.next(MAX_HELLO_BYTES);
    if (value === undefined) return;
    const hello = readHello(value);
    if (!this.#frames.isEmpty) throw invalidLaunch('it speaks out of turn');
    this.#hello = hello;
    this.#stage = 'judging';
    setImmediate(() => void this.#judge(hello));
  }

  async #judge(hello: LaunchHello): Promise<void> {
    const { judge, challenge, line } = this.#deps;
    const wanted = await judge(hello);
    if (wanted === undefined || this.#stage === 'over') return line.end();
    this.#wanted = wanted;
    this.#stage = 'order';
    line.takeDescriptors();
    line.say(writeLaunchFrame({ challenge, env: wanted.env }));
  }

  #readOrder(): void {
    const value = this.#frames.next(MAX_REQUEST_BYTES);
    if (value === undefined) return;
    const order = readOrder(value);
    if (order.challenge !== this.#deps.challenge) throw invalidLaunch('it does not repeat the challenge');
    if (!this.#frames.isEmpty) throw invalidLaunch('it speaks out of turn');
    this.#order = order;
    this.#stage = 'ready';
  }
}
