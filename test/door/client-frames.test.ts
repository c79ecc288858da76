import { describe, expect, it } from 'vitest';
import { AuthorityRepair } from '../../src/door/authority-repair.js';
import { ClientFrames } from '../../src/door/client-frames.js';
import { EMPTY, frame, PREFACE, SETTINGS, SETTINGS_ACK } from '../fakes/raw-http2-client.js';

const PING = frame(6, 0, 0, Buffer.alloc(8));

/** Takes acknowledgements out, as the opening of a connection does. */
function frames(): ClientFrames {
  return new ClientFrames(new AuthorityRepair(), {
    control: (_type, flags) => (flags & 1) !== 0,
    headers: () => {},
  });
}

describe('the frames of a client', () => {
  it('pass in one piece, however many came at once', () => {
    const sent = Buffer.concat([PREFACE, SETTINGS, ...Array.from({ length: 1_000 }, () => PING)]);
    expect(frames().feed(Buffer.from(sent))).toEqual([sent]);
  });

  it('pass in two pieces around one that is taken out', () => {
    const walker = frames();
    const half = frame(0, 0, 1, Buffer.alloc(100)).subarray(0, 50);
    const pieces = walker.feed(Buffer.concat([PREFACE, SETTINGS_ACK, PING, half]));
    expect(pieces).toEqual([PREFACE, Buffer.concat([PING, half])]);
    expect(walker.rest).toEqual(EMPTY);
    expect(walker.feed(Buffer.from(SETTINGS_ACK.subarray(0, 5)))).toEqual([SETTINGS_ACK.subarray(0, 5)]);
  });
});
