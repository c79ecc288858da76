/** Frame types that the door looks at. Source: RFC 9113 section 6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  CONTINUATION: 9,
} as const;

/** Flags that the door looks at. One bit may mean different things for different types. */
export const FrameFlag = { ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const FRAME_HEADER_BYTES = 9;
/** SETTINGS_MAX_FRAME_SIZE before anybody raises it, and nobody here does. Source: RFC 9113 section 6.5.2. */
export const MAX_FRAME_BYTES = 16_384;
export const PING_BYTES = 8;
const PROTOCOL_ERROR = 1;

/** Writes one frame on stream 0. */
export function connectionFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * What the door says first: empty SETTINGS, and a PING that only somebody who has read it can answer.
 *
 * Source: RFC 9113 sections 3.4, 6.5 and 6.7; decision 3.
 */
export function challengeFrames(nonce: Uint8Array): Buffer {
  return Buffer.concat([
    connectionFrame(FrameType.SETTINGS, 0, new Uint8Array(0)),
    connectionFrame(FrameType.PING, 0, nonce),
  ]);
}

/** Says why the connection ends. Source: RFC 9113 section 6.8. */
export function goAwayFrame(why: string): Buffer {
  const payload = Buffer.alloc(8 + Buffer.byteLength(why));
  payload.writeUInt32BE(PROTOCOL_ERROR, 4);
  payload.write(why, 8);
  return connectionFrame(FrameType.GOAWAY, 0, payload);
}
