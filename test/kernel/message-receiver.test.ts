import { describe, expect, it } from 'vitest';
import { openKernel } from '../../src/kernel/kernel.js';
import { SocketPair } from '../../src/kernel/socket-pair.js';
import { openDescriptors } from '../fakes/open-descriptors.js';
import { sendDescriptor } from '../fakes/send-descriptor.js';

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
      ancillary: false,
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
      expect(sendDescriptor(kernel, pair.far, Buffer.from('x'), 0)).toBe(1);
      expect(kernel.receiver.receive(pair.near)).toMatchObject({
        kind: 'chunk',
        pid: process.pid,
        ancillary: true,
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
