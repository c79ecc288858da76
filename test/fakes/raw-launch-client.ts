import { once } from 'node:events';
import { Socket } from 'node:net';
import { DescriptorSender } from '../../src/kernel/descriptor-sender.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { LaunchFrames, MAX_ANSWER_BYTES, type LaunchAnswer } from '../../src/wire/launch-frames.js';

const kernel = openKernel();
const sender = new DescriptorSender(kernel.libc);

/** A message as the protocol frames it; anything goes in. */
export function framed(json: string): Buffer {
  const bytes = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Speaks to a launch socket, well or badly, byte by byte. */
export class RawLaunchClient implements AsyncDisposable {
  readonly answers: LaunchAnswer[] = [];
  readonly descriptor: number;
  readonly #socket: Socket;
  readonly #frames = new LaunchFrames();
  readonly #ended: Promise<unknown>;

  constructor(path: string) {
    this.descriptor = kernel.sockets.connect(path);
    this.#socket = new Socket({ fd: this.descriptor });
    this.#ended = once(this.#socket, 'close');
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk: Buffer) => {
      this.#frames.take(chunk);
      for (let value = this.#next(); value !== undefined; value = this.#next()) this.answers.push(value);
    });
  }

  /** Sends bytes, with descriptors if any are given. */
  send(bytes: Buffer, descriptors: readonly number[] = []): void {
    const sent = descriptors.length === 0 ? 0 : sender.send(this.descriptor, bytes, descriptors);
    if (typeof sent === 'string') throw new Error(sent);
    if (sent < bytes.length) this.#socket.write(bytes.subarray(sent));
  }

  /** Says the first message, and gives the challenge. */
  async hello(name: string, detach = false): Promise<string> {
    this.send(framed(JSON.stringify({ v: 1, op: 'launch', name, detach })));
    return (await this.answer()).challenge ?? '';
  }

  /** Says the second message, well. */
  order(challenge: string, descriptors: readonly number[], changes: object = {}): void {
    const order = { challenge, args: [], env: {}, cwd: '/', terminal: false, ...changes };
    this.send(framed(JSON.stringify(order)), descriptors);
  }

  /** The next answer, or an empty one when the connection ends without any. */
  async answer(): Promise<LaunchAnswer> {
    for (;;) {
      const answer = this.answers.shift();
      if (answer !== undefined) return answer;
      if (this.#socket.destroyed) return {};
      await Promise.race([once(this.#socket, 'data').catch(() => {}), this.#ended]);
    }
  }

  async untilEnded(): Promise<void> {
    await this.#ended;
  }

  get ended(): boolean {
    return this.#socket.destroyed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#ended;
  }

  #next(): LaunchAnswer | undefined {
    return this.#frames.next(MAX_ANSWER_BYTES) as LaunchAnswer | undefined;
  }
}
