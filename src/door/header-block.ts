import { SpoorError } from '../core/errors.js';
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, MAX_FRAME_BYTES } from './http2-frame.js';

/** As many CONTINUATION frames as nghttp2 accepts. */
const MAX_CONTINUATIONS = 8;
const MAX_BLOCK_BYTES = 32_768;
const PRIORITY_BYTES = 5;

/** A header block and the frames that carry it. */
export interface HeaderBlock {
  /** The fragments joined: a view into the frame when there is one, a copy when there are several. */
  readonly block: Buffer;
  /** Bytes of all its frames, their headers included. */
  readonly length: number;
  /** Puts a block that was changed in place back into its frames. */
  writeBack(): void;
}

/**
 * Reads the HEADERS frame at the beginning of `bytes` and the CONTINUATION frames after it.
 *
 * Returns: undefined while its last frame is not there yet.
 * Limit:   8 CONTINUATION frames, 32 KB.
 * Errors:  HTTP2_INVALID.
 * Source:  RFC 9113 sections 6.2 and 6.10.
 */
export function readHeaderBlock(bytes: Buffer): HeaderBlock | undefined {
  const fragments: Buffer[] = [];
  const streamId = bytes.readUInt32BE(5);
  let offset = 0;
  for (;;) {
    const end = frameEnd(bytes, offset);
    if (end === undefined) return undefined;
    if (offset > 0) checkContinuation(bytes, offset, streamId);
    fragments.push(fragmentOf(bytes.subarray(offset, end), offset === 0));
    if (fragments.length > MAX_CONTINUATIONS + 1 || end > MAX_BLOCK_BYTES) {
      throw invalid(
        `a header block may have ${MAX_CONTINUATIONS} CONTINUATION frames and ${MAX_BLOCK_BYTES} bytes`,
      );
    }
    const isLast = (bytes[offset + 4]! & FrameFlag.END_HEADERS) !== 0;
    offset = end;
    if (isLast) return join(fragments, offset);
  }
}

function frameEnd(bytes: Buffer, offset: number): number | undefined {
  if (bytes.length < offset + FRAME_HEADER_BYTES) return undefined;
  const payload = bytes.readUIntBE(offset, 3);
  if (payload > MAX_FRAME_BYTES)
    throw invalid(`a frame has ${payload} bytes; ${MAX_FRAME_BYTES} are allowed`);
  const end = offset + FRAME_HEADER_BYTES + payload;
  return bytes.length < end ? undefined : end;
}

function checkContinuation(bytes: Buffer, offset: number, streamId: number): void {
  if (bytes[offset + 3] !== FrameType.CONTINUATION || bytes.readUInt32BE(offset + 5) !== streamId) {
    throw invalid('a header block is interrupted by another frame');
  }
}

/** The payload without padding and priority, which only HEADERS has. */
function fragmentOf(frame: Buffer, isHeaders: boolean): Buffer {
  const flags = isHeaders ? frame[4]! : 0;
  let start = FRAME_HEADER_BYTES;
  let end = frame.length;
  if ((flags & FrameFlag.PADDED) !== 0) end -= frame[start++] ?? 0;
  if ((flags & FrameFlag.PRIORITY) !== 0) start += PRIORITY_BYTES;
  if (start > end) throw invalid('a HEADERS frame has more padding than payload');
  return frame.subarray(start, end);
}

function join(fragments: readonly Buffer[], length: number): HeaderBlock {
  const [first, ...others] = fragments;
  if (first !== undefined && others.length === 0) return { block: first, length, writeBack: () => {} };
  const block = Buffer.concat(fragments);
  const writeBack = (): void => {
    let from = 0;
    for (const fragment of fragments) from += block.copy(fragment, 0, from, from + fragment.length);
  };
  return { block, length, writeBack };
}

function invalid(message: string): SpoorError {
  return new SpoorError('HTTP2_INVALID', message);
}
