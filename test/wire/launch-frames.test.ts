import { describe, expect, it } from 'vitest';
import { LaunchFrames, MAX_HELLO_BYTES, writeLaunchFrame } from '../../src/wire/launch-frames.js';
import { readHello, readOrder, readSignal } from '../../src/wire/launch-messages.js';
import { outcome } from '../fakes/outcome.js';
import { framed } from '../fakes/raw-launch-client.js';

const HELLO = { v: 1, op: 'launch', name: 'researcher', detach: false } as const;
const ORDER = { challenge: 'aa', args: ['-x'], env: { LANG: 'C' }, cwd: '/', terminal: false };

function first(...pieces: readonly Buffer[]): unknown {
  const frames = new LaunchFrames();
  for (const piece of pieces) frames.take(piece);
  return frames.next(MAX_HELLO_BYTES);
}

describe('LaunchFrames', () => {
  it('puts messages together again, wherever they are cut', () => {
    const bytes = Buffer.concat([writeLaunchFrame(HELLO), writeLaunchFrame({ signal: 'SIGINT' })]);
    for (let at = 0; at <= bytes.length; at++) {
      const frames = new LaunchFrames();
      const found: unknown[] = [];
      for (const piece of [bytes.subarray(0, at), bytes.subarray(at)]) {
        frames.take(piece);
        for (let next = frames.next(4_096); next !== undefined; next = frames.next(4_096)) found.push(next);
      }
      expect(found).toEqual([HELLO, { signal: 'SIGINT' }]);
      expect(frames.isEmpty).toBe(true);
    }
  });

  it('takes a megabyte in single bytes in time', () => {
    const frames = new LaunchFrames();
    const bytes = framed(JSON.stringify('x'.repeat(1_000_000)));
    let found: unknown;
    for (let at = 0; at < bytes.length; at++) {
      frames.take(bytes.subarray(at, at + 1));
      found ??= frames.next(1_048_576);
    }
    expect(found).toHaveLength(1_000_000);
  });

  it.each([
    ['a byte too many', framed(`"${'x'.repeat(MAX_HELLO_BYTES - 1)}"`)],
    ['the largest length', Buffer.from('ffffffff', 'hex')],
    ['no JSON', framed('hello')],
    ['nothing', framed('')],
    ['a name given twice', framed('{"v":1,"v":1}')],
    ['no UTF-8', Buffer.concat([Buffer.from('00000003', 'hex'), Buffer.from('22ff22', 'hex')])],
    ['two values', framed('1 2')],
  ])('refuses %s', (_what, bytes) => {
    expect(outcome(() => first(bytes))).toBe('LAUNCH_MESSAGE_INVALID');
  });

  it('takes as many bytes as are allowed', () => {
    expect(first(framed(`"${'x'.repeat(MAX_HELLO_BYTES - 2)}"`))).toHaveLength(MAX_HELLO_BYTES - 2);
  });
});

describe('what a client says', () => {
  it('is read as it was meant', () => {
    expect(readHello(HELLO)).toEqual(HELLO);
    expect(readOrder(ORDER)).toEqual(ORDER);
    expect(readSignal({ signal: 'SIGWINCH' })).toEqual({ signal: 'SIGWINCH' });
  });

  it.each([
    { ...HELLO, v: 2 },
    { ...HELLO, op: 'stop' },
    { ...HELLO, name: '' },
    { ...HELLO, name: 'x'.repeat(65) },
    { ...HELLO, more: 1 },
    { v: 1, op: 'launch', name: 'x' },
    null,
    [],
    'launch',
  ])('is refused as a first message: %j', (value) => {
    expect(outcome(() => readHello(value))).toBe('LAUNCH_MESSAGE_INVALID');
  });

  it.each([
    { ...ORDER, challenge: 1 },
    { ...ORDER, args: ['a\0b'] },
    { ...ORDER, args: Array.from({ length: 8_193 }, () => '') },
    { ...ORDER, args: 'x' },
    { ...ORDER, env: { 'A=B': 'x' } },
    { ...ORDER, env: { '': 'x' } },
    { ...ORDER, env: { A: 'x\0y' } },
    { ...ORDER, env: { A: 1 } },
    { ...ORDER, env: Object.fromEntries(Array.from({ length: 1_025 }, (_, at) => [`A${at}`, ''])) },
    { ...ORDER, cwd: 'here' },
    { ...ORDER, cwd: '/\0' },
    { ...ORDER, cwd: `/${'x'.repeat(4_095)}` },
    { ...ORDER, terminal: 'yes' },
    { ...ORDER, uid: 0 },
  ])('is refused as a second message, case %#', (value) => {
    expect(outcome(() => readOrder(value))).toBe('LAUNCH_MESSAGE_INVALID');
  });

  it.each([{ signal: 'SIGKILL' }, { signal: 'SIGSTOP' }, { signal: 9 }, {}])(
    'is refused as a signal: %j',
    (value) => {
      expect(outcome(() => readSignal(value))).toBe('LAUNCH_MESSAGE_INVALID');
    },
  );
});
