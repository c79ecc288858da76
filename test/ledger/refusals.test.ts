import { describe, expect, it } from 'vitest';
import { Refusals } from '../../src/ledger/refusals.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { MemoryRecorder } from '../fakes/memory-recorder.js';

function open() {
  const [recorder, clock, log] = [
    new MemoryRecorder(),
    new FakeClock('2030-01-01T00:00:00Z'),
    new MemoryLog(),
  ];
  const refusals = new Refusals({ recorder, clock, log });
  const stop = new AbortController();
  const running = refusals.run(stop.signal);
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  const refuse = (count: number, uid: number, code = 'IDENTITY_NOT_ISSUED'): void => {
    for (let call = 0; call < count; call += 1)
      refusals.refused({ call, code, method: 'FetchX509SVID', uid });
  };
  return { recorder, clock, log, refuse, [Symbol.asyncDispose]: close };
}

describe('Refusals', () => {
  it('have a line each, up to ten in a minute of one uid and code; the rest is counted in one', async () => {
    await using room = open();
    room.refuse(1_000, 1000);
    room.refuse(3, 1001);
    room.refuse(2, 1000, 'RATE_EXCEEDED');
    await room.clock.advance(60_000);
    await room.clock.nextWake();
    const ofThousand = room.recorder.events.filter(
      (event) => event.event === 'refused' && event.uid === 1000,
    );
    expect(room.recorder.events).toHaveLength(16);
    expect(ofThousand).toHaveLength(13);
    expect(ofThousand.at(-1)).toEqual({
      event: 'refused',
      call: 999,
      code: 'IDENTITY_NOT_ISSUED',
      method: 'FetchX509SVID',
      uid: 1000,
      count: 990,
    });
  });

  it('begin anew each minute', async () => {
    await using room = open();
    for (let minute = 0; minute < 3; minute += 1) {
      room.refuse(5, 1000);
      await room.clock.advance(60_000);
      await room.clock.nextWake();
    }
    expect(room.recorder.events).toHaveLength(15);
  });

  it('are counted to the end when the daemon stops', async () => {
    const room = open();
    room.refuse(12, 1000);
    await room[Symbol.asyncDispose]();
    expect(room.recorder.events.at(-1)).toMatchObject({ count: 2 });
  });

  it('disturb nobody when they cannot be recorded, and say so once', async () => {
    await using room = open();
    room.recorder.full = true;
    room.refuse(5, 1000);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(room.log.lines).toEqual(['warn refusals cannot be recorded']);
  });
});
