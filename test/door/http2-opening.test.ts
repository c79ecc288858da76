import { describe, expect, it } from 'vitest';
import { AuthorityRepair } from '../../src/door/authority-repair.js';
import { Http2Opening } from '../../src/door/http2-opening.js';
import { HpackEncoder } from '../fakes/hpack-encoder.js';
import { frame, PREFACE, SETTINGS, SETTINGS_ACK, WINDOW_UPDATE } from '../fakes/raw-http2-client.js';

const NONCE = Buffer.from('01234567');
const PING_ACK = frame(6, 1, 0, NONCE);
const OWN_PING = frame(6, 0, 0, Buffer.from('theirs!!'));
const DATA = frame(0, 1, 1, Buffer.alloc(5));
const repair = new AuthorityRepair();

function headers(authority: string, flags = 4): Buffer {
  const block = new HpackEncoder({ huffman: true }).encode([
    [':method', 'POST'],
    [':path', '/x'],
    [':authority', authority],
  ]);
  return frame(1, flags, 1, block);
}
const HEADERS = headers('localhost');

function open(...pieces: readonly Buffer[]): Http2Opening {
  const opening = new Http2Opening(NONCE, repair);
  for (const piece of pieces) opening.feed(Buffer.from(piece));
  return opening;
}

/** One HEADERS frame, its block cut at `at` into a HEADERS and a CONTINUATION frame. */
function split(whole: Buffer, at: number): Buffer {
  const block = whole.subarray(9);
  return Buffer.concat([frame(1, 0, 1, block.subarray(0, at)), frame(9, 4, 1, block.subarray(at))]);
}

describe('Http2Opening', () => {
  it.each([
    { client: 'Go', says: [SETTINGS, SETTINGS_ACK, PING_ACK, HEADERS, DATA] },
    { client: 'C-core', says: [SETTINGS, WINDOW_UPDATE, PING_ACK, SETTINGS_ACK, HEADERS, DATA] },
    { client: 'Java', says: [SETTINGS, WINDOW_UPDATE, SETTINGS_ACK, PING_ACK, HEADERS] },
    { client: 'Rust', says: [SETTINGS, WINDOW_UPDATE, HEADERS, DATA, DATA, SETTINGS_ACK, PING_ACK] },
    {
      client: 'one with a PING of its own',
      says: [SETTINGS, OWN_PING, SETTINGS_ACK, PING_ACK, HEADERS, DATA],
    },
  ])('takes exactly the two answers out of what $client says, wherever it is cut', ({ says }) => {
    const whole = Buffer.concat([PREFACE, ...says]);
    const rest = Buffer.concat([
      PREFACE,
      ...says.filter((said) => said !== SETTINGS_ACK && said !== PING_ACK),
    ]);
    for (let at = 1; at < whole.length; at++) {
      const opening = open(whole.subarray(0, at), whole.subarray(at));
      expect(opening.state).toBe('ready');
      expect(opening.everything()).toEqual(rest);
    }
  });

  it('is ready at the last of three things, and not before', () => {
    const opening = open(PREFACE, SETTINGS);
    expect(opening.state).toBe('waiting');
    expect(opening.feed(Buffer.from(PING_ACK))).toBe('waiting');
    expect(opening.feed(Buffer.from(SETTINGS_ACK))).toBe('answered');
    expect(opening.feed(Buffer.from(HEADERS))).toBe('ready');
  });

  it('lets in a client whose request fills the whole window, once it has answered', () => {
    const request = Array.from({ length: 4 }, () => frame(0, 0, 1, Buffer.alloc(16_384)));
    const answered = Buffer.concat([SETTINGS_ACK, PING_ACK, HEADERS, ...request]);
    const opening = open(PREFACE, SETTINGS, answered);
    expect(opening.state).toBe('ready');
    expect(opening.everything().length).toBeGreaterThan(65_536);
  });

  it('hands on half a frame as it came', () => {
    const opening = open(PREFACE, SETTINGS, SETTINGS_ACK, PING_ACK, HEADERS, DATA.subarray(0, 4));
    expect(opening.everything()).toEqual(Buffer.concat([PREFACE, SETTINGS, HEADERS, DATA.subarray(0, 4)]));
  });

  it('repairs an authority whose header block is cut into two frames, wherever the cut is', () => {
    const illegal = headers('/run/api.sock');
    const mended = headers('-run-api.sock');
    for (let at = 0; at <= illegal.length - 9; at++) {
      const opening = open(PREFACE, SETTINGS, SETTINGS_ACK, PING_ACK, split(illegal, at));
      expect(opening.repaired).toBe(true);
      expect(opening.everything()).toEqual(Buffer.concat([PREFACE, SETTINGS, split(mended, at)]));
    }
  });

  it('repairs an authority behind padding and priority', () => {
    const block = headers('/a').subarray(9);
    const wrap = (inner: Uint8Array): Buffer =>
      frame(
        1,
        0x4 | 0x8 | 0x20,
        1,
        Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 16]), inner, Buffer.alloc(3)]),
      );
    const opening = open(PREFACE, SETTINGS_ACK, PING_ACK, wrap(block));
    expect(opening.everything()).toEqual(Buffer.concat([PREFACE, wrap(headers('-a').subarray(9))]));
  });

  it('looks at every HEADERS frame that is held back, not only at the first', () => {
    expect(open(PREFACE, HEADERS, headers('/late'), SETTINGS_ACK, PING_ACK).repaired).toBe(true);
    expect(open(PREFACE, HEADERS, HEADERS, SETTINGS_ACK, PING_ACK).repaired).toBe(false);
  });

  it.each([
    { what: 'HTTP/1', says: [Buffer.from('GET / HTTP/1.1\r\n\r\n')], message: /preface/ },
    { what: 'a TLS greeting', says: [Buffer.from('160301', 'hex')], message: /preface/ },
    {
      what: 'a frame that is too long',
      says: [PREFACE, Buffer.from('004001040000000000', 'hex')],
      message: /16385 bytes; 16384/,
    },
    { what: 'a second SETTINGS ACK', says: [PREFACE, SETTINGS_ACK, SETTINGS_ACK], message: /nobody sent/ },
    {
      what: 'a PING ACK with other bytes',
      says: [PREFACE, frame(6, 1, 0, Buffer.from('76543210'))],
      message: /nobody sent/,
    },
    {
      what: 'a PING ACK of 7 bytes',
      says: [PREFACE, frame(6, 1, 0, NONCE.subarray(1))],
      message: /nobody sent/,
    },
    {
      what: 'CONTINUATION without HEADERS',
      says: [PREFACE, frame(9, 4, 1, NONCE)],
      message: /follows no HEADERS/,
    },
    {
      what: 'a block that is interrupted',
      says: [PREFACE, headers('a', 0), SETTINGS],
      message: /interrupted/,
    },
    {
      what: 'a block that goes on for another stream',
      says: [PREFACE, headers('a', 0), frame(9, 4, 3, NONCE)],
      message: /interrupted/,
    },
    {
      what: 'more padding than payload',
      says: [PREFACE, frame(1, 0xc, 1, Buffer.from([9, 0x82]))],
      message: /padding/,
    },
    {
      what: 'a block that is no HPACK',
      says: [PREFACE, frame(1, 4, 1, Buffer.from([0x41, 0xff, 0xff]))],
      message: /HPACK/,
    },
    {
      what: 'a block that ends early',
      says: [PREFACE, frame(1, 4, 1, Buffer.from([0x41, 9, 0x61]))],
      message: /HPACK/,
    },
    {
      what: 'an empty authority',
      says: [PREFACE, frame(1, 4, 1, Buffer.from([0x41, 0]))],
      message: /:authority is empty/,
    },
    {
      what: 'the empty authority of the static table',
      says: [PREFACE, frame(1, 4, 1, Buffer.from([0x81]))],
      message: /:authority is empty/,
    },
    {
      what: 'an authority without a substitute',
      says: [PREFACE, headers('a{b}')],
      message: /cannot be mended/,
    },
    {
      what: 'nine CONTINUATION frames',
      says: [PREFACE, headers('a', 0), ...Array.from({ length: 9 }, () => frame(9, 0, 1, NONCE))],
      message: /8 CONTINUATION/,
    },
    {
      what: 'more than 64 KB',
      says: [PREFACE, ...Array.from({ length: 5 }, () => frame(0, 0, 1, Buffer.alloc(16_384)))],
      message: /65536 bytes/,
    },
    {
      what: 'more than 512 pieces',
      says: [PREFACE, ...Array.from({ length: 600 }, () => WINDOW_UPDATE)],
      message: /512 pieces/,
    },
  ])('refuses $what', ({ says, message }) => {
    expect(() => open(...says)).toThrow(
      expect.objectContaining({ code: 'HTTP2_INVALID', message: expect.stringMatching(message) }),
    );
  });
});
