import { SpoorError } from '../core/errors.js';
import type { Authority, AuthorityRepair } from './authority-repair.js';
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, MAX_FRAME_BYTES, PREFACE } from './http2-frame.js';
import { readHeaderBlock } from './header-block.js';

const EMPTY = Buffer.alloc(0);

/** Who looks on while frames pass. */
export interface FrameObserver {
  /** A whole frame that is neither DATA nor part of a header block. Returns true to take it out. */
  control(type: number, flags: number, payload: Buffer): boolean;
  /** A whole header block passed, and was repaired if need be. */
  headers(authority: Authority): void;
}

/**
 * Walks what a client sends, frame by frame: repairs header blocks, lets the observer take frames out, and
 * passes everything else on as it is. Payload of DATA passes as it comes; other frames, and header blocks with
 * all their CONTINUATION frames, pass whole.
 *
 * Source: RFC 9113 sections 3.4, 4.1 and 6.10.
 */
export class ClientFrames {
  readonly #repair: AuthorityRepair;
  readonly #observer: FrameObserver;
  #rest: Buffer = EMPTY;
  #awaitsPreface = true;
  #dataLeft = 0;

  constructor(repair: AuthorityRepair, observer: FrameObserver) {
    this.#repair = repair;
    this.#observer = observer;
  }

  /** What has come and is not yet a whole frame. */
  get rest(): Buffer {
    return this.#rest;
  }

  /**
   * Takes the next bytes, which become its own, and returns those that pass, in one piece unless something between them
   * was taken out: each piece is a read for HTTP/2, and a client may send four thousand frames at once.
   *
   * Errors: HTTP2_INVALID; what comes afterwards has no meaning any more.
   */
  feed(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const passed: Buffer[] = [];
    let [from, offset] = [0, 0];
    for (;;) {
      const { length, drop } = this.#next(bytes, offset);
      if (length === 0) break;
      if (drop && offset > from) passed.push(bytes.subarray(from, offset));
      offset += length;
      if (drop) from = offset;
    }
    if (offset > from) passed.push(bytes.subarray(from, offset));
    this.#rest = offset === bytes.length ? EMPTY : bytes.subarray(offset);
    return passed;
  }

  /** The next piece that can be judged; length 0 when more bytes are needed. */
  #next(bytes: Buffer, offset: number): { readonly length: number; readonly drop: boolean } {
    const available = bytes.length - offset;
    if (this.#awaitsPreface) return pass(this.#preface(bytes));
    if (this.#dataLeft > 0) {
      const length = Math.min(this.#dataLeft, available);
      this.#dataLeft -= length;
      return pass(length);
    }
    if (available < FRAME_HEADER_BYTES) return pass(0);
    return this.#frame(bytes, offset, available);
  }

  #preface(bytes: Buffer): number {
    const seen = Math.min(PREFACE.length, bytes.length);
    if (bytes.compare(PREFACE, 0, seen, 0, seen) !== 0) {
      throw new SpoorError('HTTP2_INVALID', 'the connection does not begin with the HTTP/2 preface');
    }
    if (seen < PREFACE.length) return 0;
    this.#awaitsPreface = false;
    return seen;
  }

  #frame(
    bytes: Buffer,
    offset: number,
    available: number,
  ): { readonly length: number; readonly drop: boolean } {
    const payload = bytes.readUIntBE(offset, 3);
    const type = bytes[offset + 3]!;
    if (payload > MAX_FRAME_BYTES) {
      throw new SpoorError('HTTP2_INVALID', `a frame has ${payload} bytes; ${MAX_FRAME_BYTES} are allowed`);
    }
    if (type === FrameType.DATA) {
      this.#dataLeft = payload;
      return pass(FRAME_HEADER_BYTES);
    }
    const length = FRAME_HEADER_BYTES + payload;
    if (type === FrameType.HEADERS) return pass(this.#headers(bytes.subarray(offset)));
    if (type === FrameType.CONTINUATION) {
      throw new SpoorError('HTTP2_INVALID', 'a CONTINUATION frame follows no HEADERS frame');
    }
    if (available < length) return pass(0);
    const body = bytes.subarray(offset + FRAME_HEADER_BYTES, offset + length);
    return { length, drop: this.#observer.control(type, bytes[offset + 4]!, body) };
  }

  #headers(bytes: Buffer): number {
    const found = readHeaderBlock(bytes);
    if (found === undefined) return 0;
    const authority = this.#repair.repair(found.block);
    if (authority === 'repaired') found.writeBack();
    this.#observer.headers(authority);
    return found.length;
  }
}

/** True for the acknowledgement of a frame, false for the frame itself. */
export function isAcknowledgement(flags: number): boolean {
  return (flags & FrameFlag.ACK) !== 0;
}

function pass(length: number): { readonly length: number; readonly drop: boolean } {
  return { length, drop: false };
}
