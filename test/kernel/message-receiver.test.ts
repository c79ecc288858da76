import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DescriptorSender } from '../../src/kernel/descriptor-sender.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { MessageReceiver } from '../../src/kernel/message-receiver.js';
import { SocketPair } from '../../src/kernel/socket-pair.js';
import { openDescriptors } from '../fakes/open-descriptors.js';

const kernel = openKernel();

describe('MessageReceiver', () => {
  it('gives what was sent together with the process that sent it', () => {
    using pair = SocketPair.open(kernel);
    expect(kernel.receiver.receive(pair.near)).toEqual({ kind: 'nothing' });
    kernel.sockets.send(pair.far, Buffer.from('hello'));
    expect(kernel.receiver.receive(pair.near)).toEqual({
      kind: 'chunk',
      bytes: Buffer.from('hello'),
      pid: process.pid,
      descriptors: [],
      truncated: false,
    });
  });

  it('says when the other end is gone, and when there is no socket at all', () => {
    using pair = SocketPair.open(kernel);
    kernel.sockets.send(pair.far, Buffer.from('last'));
    kernel.libc.declare<(fd: number, how: number) => number>('int shutdown(int, int)')(pair.far, 1);
    expect(kernel.receiver.receive(pair.near).kind).toBe('chunk');
    expect(kernel.receiver.receive(pair.near)).toEqual({ kind: 'end' });
    expect(kernel.receiver.receive(-1)).toEqual({ kind: 'failed', errno: 'EBADF' });
  });

  it('takes no descriptor that is sent along, says so, and still names the sender', () => {
    using pair = SocketPair.open(kernel);
    const before = openDescriptors();
    for (let count = 0; count < 200; count++) {
      expect(new DescriptorSender(kernel.libc).send(pair.far, Buffer.from('x'), [0])).toBe(1);
      expect(kernel.receiver.receive(pair.near)).toMatchObject({
        kind: 'chunk',
        pid: process.pid,
        descriptors: [],
        truncated: true,
      });
    }
    expect(openDescriptors()).toBe(before);
  });

  it('gives a long message in chunks of 64 KB', () => {
    using pair = SocketPair.open(kernel);
    kernel.sockets.send(pair.far, Buffer.alloc(100_000, 7));
    const sizes: number[] = [];
    for (let next = kernel.receiver.receive(pair.near); next.kind === 'chunk';) {
      sizes.push(next.bytes.length);
      next = kernel.receiver.receive(pair.near);
    }
    expect(sizes.every((size) => size <= 65_536)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100_000);
  });
});

describe('MessageReceiver with room for three descriptors', () => {
  const receiver = new MessageReceiver(kernel.libc, 3);
  const sender = new DescriptorSender(kernel.libc);

  it('takes up to three, close-on-exec, each leading where it was sent from', () => {
    using pair = SocketPair.open(kernel);
    const before = openDescriptors();
    for (const count of [1, 2, 3]) {
      const sent = Array.from({ length: count }, () => pair.far);
      expect(sender.send(pair.far, Buffer.from('hello'), sent)).toBe(5);
      const received = receiver.receive(pair.near);
      if (received.kind !== 'chunk') throw new Error(received.kind);
      expect(received).toMatchObject({ pid: process.pid, truncated: false });
      expect(received.bytes.toString()).toBe('hello');
      expect(received.descriptors).toHaveLength(count);
      for (const fd of received.descriptors) {
        expect(fstatSync(fd).ino).toBe(fstatSync(pair.far).ino);
        expect(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')).toMatch(/flags:\s+02/u);
        closeSync(fd);
      }
    }
    expect(openDescriptors()).toBe(before);
  });

  it('takes no fourth, and says that there was one', () => {
    using pair = SocketPair.open(kernel);
    const before = openDescriptors();
    sender.send(pair.far, Buffer.from('x'), [0, 1, 2, 0]);
    const received = receiver.receive(pair.near);
    expect(received).toMatchObject({ kind: 'chunk', pid: process.pid, truncated: true });
    if (received.kind === 'chunk') for (const fd of received.descriptors) closeSync(fd);
    expect(openDescriptors()).toBe(before);
  });

  it('gives none where none came, after some that did', () => {
    using pair = SocketPair.open(kernel);
    sender.send(pair.far, Buffer.from('x'), [0]);
    const first = receiver.receive(pair.near);
    if (first.kind === 'chunk') for (const fd of first.descriptors) closeSync(fd);
    kernel.sockets.send(pair.far, Buffer.from('y'));
    expect(receiver.receive(pair.near)).toMatchObject({
      descriptors: [],
      pid: process.pid,
      truncated: false,
    });
  });
});

describe('DescriptorSender', () => {
  it('says why nothing went out', () => {
    using pair = SocketPair.open(kernel);
    const sender = new DescriptorSender(kernel.libc);
    expect(sender.send(-1, Buffer.from('x'), [0])).toBe('EBADF');
    expect(sender.send(pair.far, Buffer.from('x'), [9_999])).toBe('EBADF');
    while (typeof sender.send(pair.far, Buffer.alloc(65_536), [0]) === 'number');
    expect(sender.send(pair.far, Buffer.from('x'), [0])).toBe('EAGAIN');
  });
});
