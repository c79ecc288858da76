import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openKernel } from '../../src/kernel/kernel.js';
import { ReadinessSet } from '../../src/kernel/readiness.js';
import { SocketPair } from '../../src/kernel/socket-pair.js';

const kernel = openKernel();

describe('ReadinessSet', () => {
  it('calls for a descriptor that has something to read, again until it is read, and not before', async () => {
    using set = new ReadinessSet(kernel.libc);
    using pair = SocketPair.open(kernel);
    let calls = 0;
    set.add(pair.near, () => {
      calls++;
      if (calls === 3) kernel.receiver.receive(pair.near);
    });
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(calls).toBe(0);
    kernel.sockets.send(pair.far, Buffer.from('x'));
    await expect.poll(() => calls).toBe(3);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(calls).toBe(3);
  });

  it('calls no more for one that was deleted, even by a call of the same round', async () => {
    using set = new ReadinessSet(kernel.libc);
    const pairs = Array.from({ length: 5 }, () => SocketPair.open(kernel));
    let calls = 0;
    for (const { near } of pairs) {
      set.add(near, () => {
        calls++;
        for (const other of pairs) set.delete(other.near);
      });
    }
    for (const { far } of pairs) kernel.sockets.send(far, Buffer.from('x'));
    await expect.poll(() => calls).toBe(1);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(calls).toBe(1);
    for (const pair of pairs) pair[Symbol.dispose]();
  });

  it('has its turn with the rest of the process: 1,000 that are always ready do not hold it up', async () => {
    using set = new ReadinessSet(kernel.libc);
    const pairs = Array.from({ length: 1_000 }, () => SocketPair.open(kernel));
    const seen = new Set<number>();
    for (const { near, far } of pairs) {
      set.add(near, () => seen.add(near));
      kernel.sockets.send(far, Buffer.from('x'));
    }
    let turns = 0;
    for (; seen.size < pairs.length; turns++) await nextTurn();
    // At most 128 a turn, and everybody in the end.
    expect(turns).toBeGreaterThanOrEqual(7);
    for (const pair of pairs) {
      set.delete(pair.near);
      pair[Symbol.dispose]();
    }
  });

  it('may be disposed of twice, and while it is called', async () => {
    const set = new ReadinessSet(kernel.libc);
    using pair = SocketPair.open(kernel);
    let calls = 0;
    set.add(pair.near, () => {
      calls++;
      set[Symbol.dispose]();
    });
    kernel.sockets.send(pair.far, Buffer.from('x'));
    await expect.poll(() => calls).toBe(1);
    set[Symbol.dispose]();
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(calls).toBe(1);
  });
});
