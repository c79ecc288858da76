import { connect, type Socket } from 'node:net';
import { HpackEncoder, type HpackStyle } from './hpack-encoder.js';
import { WHO, type Who } from './test-door.js';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const EMPTY = Buffer.alloc(0);

/** One frame that the server sent. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export const SETTINGS = frame(4, 0, 0, EMPTY);
export const SETTINGS_ACK = frame(4, 1, 0, EMPTY);
/** Opens the window of the connection as wide as it goes. */
export const WINDOW_UPDATE = frame(8, 0, 0, Buffer.from([0x7f, 0xfe, 0, 0]));

/** An HTTP/2 client that says byte for byte what a test wants, and nothing by itself unless told to answer. */
export class RawHttp2Client implements AsyncDisposable {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly #hpack: HpackEncoder;
  #rest: Buffer = EMPTY;
  #nextStream = 1;
  #waiting: (() => void)[] = [];
  #answers = false;
  ended = false;

  constructor(path: string, style: HpackStyle = { huffman: true }) {
    this.#hpack = new HpackEncoder(style);
    this.socket = connect(path);
    this.socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  send(...pieces: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(pieces));
  }

  /** Says preface and SETTINGS, and answers whatever comes from now on. */
  greet(): void {
    this.send(PREFACE, SETTINGS, WINDOW_UPDATE);
    this.answer();
  }

  /** Answers SETTINGS and PING: those that have come, and those that will. */
  answer(): void {
    this.#answers = true;
    for (const sent of this.frames) this.#answer(sent);
  }

  /** The frames of one call, not sent yet. */
  callFrames(
    authority: string | undefined,
    extra: readonly (readonly [string, string])[] = [],
  ): { stream: number; block: Buffer; bytes: Buffer } {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const block = this.#hpack.encode([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', WHO],
      ...(authority === undefined ? [] : [[':authority', authority] as const]),
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ...extra,
    ]);
    const bytes = Buffer.concat([frame(1, 4, stream, block), frame(0, 1, stream, Buffer.alloc(5))]);
    return { stream, block, bytes };
  }

  /** One call, and its answer; an error when the stream or the connection is broken. */
  async call(
    authority: string | undefined,
    extra: readonly (readonly [string, string])[] = [],
  ): Promise<Who | null> {
    const { stream, bytes } = this.callFrames(authority, extra);
    this.send(bytes);
    return this.answerOn(stream);
  }

  async answerOn(stream: number): Promise<Who | null> {
    const of = (type: number) => (sent: Frame) => sent.stream === stream && sent.type === type;
    await this.until(() =>
      this.frames.some((sent) => of(3)(sent) || (of(1)(sent) && (sent.flags & 1) === 1)),
    );
    const data = this.frames.find(of(0));
    if (data === undefined) throw new Error(`stream ${stream} was reset or ended without an answer`);
    return JSON.parse(data.payload.toString('utf8', 5)) as Who | null;
  }

  /** What the server says last, when it ends the connection with GOAWAY. */
  async farewell(): Promise<string> {
    await this.untilEnded();
    return this.frames.findLast(({ type }) => type === 7)?.payload.toString('utf8', 8) ?? '';
  }

  async untilEnded(): Promise<void> {
    while (!this.ended) await this.#next();
  }

  /** Waits for what the server sends; an error when the connection ends before it holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.ended) throw new Error('the connection has ended');
      await this.#next();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.untilEnded();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #take(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3);
      const sent = {
        type: bytes[3]!,
        flags: bytes[4]!,
        stream: bytes.readUInt32BE(5),
        payload: bytes.subarray(9, end),
      };
      this.frames.push(sent);
      if (this.#answers) this.#answer(sent);
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    this.#wake();
  }

  #answer({ type, flags, payload }: Frame): void {
    if (type === 4 && (flags & 1) === 0) this.send(SETTINGS_ACK);
    if (type === 6 && (flags & 1) === 0) this.send(frame(6, 1, 0, payload));
  }
}
