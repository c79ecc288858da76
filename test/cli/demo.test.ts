import { describe, expect, it } from 'vitest';
import { CommandLine } from './command-line.js';

describe('spoor demo --root', () => {
  it('needs root for root mode, and says so', async () => {
    await using line = await CommandLine.open();
    line.uid = 1_234;
    const { exit, out, err } = await line.run(['demo', '--root']);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toMatch(/spoor: error: --root needs root, and this is uid 1234/);
  });
});
