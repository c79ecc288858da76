import { connect, type Socket } from 'node:net';

// A client of gRPC that costs next to nothing: frames written by hand, so that a bench measures the server.

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME_HEADER = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const CANCEL = 8;
const MOST_WINDOW = 0x7fff0000;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEADER);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literal fields without indexing and without Huffman: every block is the same bytes. */
function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])),
  );
}

/** One connection; `call` resolves at the first byte of an answer's message, or with false when there was none. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #headers: Buffer;
  readonly #streaming: boolean;
  readonly #waiting = new Map<number, (answered: boolean) => void>();
  #rest: Buffer = Buffer.alloc(0);
  #stream = -1;

  private constructor(socket: Socket, path: string, streaming: boolean) {
    this.#socket = socket;
    this.#streaming = streaming;
    this.#headers = headerBlock({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': path,
      ':authority': 'localhost',
      'content-type': 'application/grpc',
      te: 'trailers',
      'workload.spiffe.io': 'true',
    });
    const window = Buffer.concat([Buffer.from([0, 4]), number(MOST_WINDOW)]);
    socket.write(
      Buffer.concat([
        PREFACE,
        frame(SETTINGS, 0, 0, window),
        frame(WINDOW_UPDATE, 0, 0, number(MOST_WINDOW)),
      ]),
    );
    socket.on('data', (bytes) => this.#read(bytes as Buffer));
    socket.on('close', () => this.#fail());
    socket.on('error', () => this.#fail());
  }

  /** Takes: `streaming` — whether each call is to be cancelled after its first message. */
  static async open(path: string, method: string, streaming: boolean): Promise<RawConnection> {
    const socket = connect(path);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawConnection(socket, method, streaming);
  }

  /** Takes: `message`, with the five bytes of gRPC in front. */
  call(message: Buffer): Promise<boolean> {
    const stream = (this.#stream += 2);
    const asked = [
      frame(HEADERS, END_HEADERS, stream, this.#headers),
      frame(DATA, END_STREAM, stream, message),
    ];
    this.#socket.write(Buffer.concat(asked));
    return new Promise((resolve) => this.#waiting.set(stream, resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    let all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (all.length >= FRAME_HEADER) {
      const length = all.readUIntBE(0, 3);
      if (all.length < FRAME_HEADER + length) break;
      this.#frame(
        all[3] ?? 0,
        all[4] ?? 0,
        all.readUInt32BE(5),
        all.subarray(FRAME_HEADER, FRAME_HEADER + length),
      );
      all = all.subarray(FRAME_HEADER + length);
    }
    this.#rest = all;
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === SETTINGS && (flags & ACK) === 0)
      this.#socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    else if (type === PING && (flags & ACK) === 0) this.#socket.write(frame(PING, ACK, 0, payload));
    else if (type === GOAWAY) this.#fail();
    else if (type === DATA && this.#streaming) this.#cancel(stream);
    else if (type === DATA) this.#answered(stream, true);
    else if (type === RST_STREAM || (type === HEADERS && (flags & END_STREAM) !== 0))
      this.#answered(stream, false);
  }

  #cancel(stream: number): void {
    if (!this.#waiting.has(stream)) return;
    this.#socket.write(frame(RST_STREAM, 0, stream, number(CANCEL)));
    this.#answered(stream, true);
  }

  #answered(stream: number, answered: boolean): void {
    this.#waiting.get(stream)?.(answered);
    this.#waiting.delete(stream);
  }

  #fail(): void {
    for (const answered of this.#waiting.values()) answered(false);
    this.#waiting.clear();
  }
}

/** A message as gRPC frames it. */
export function grpcMessage(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0]), number(bytes.length), bytes]);
}
