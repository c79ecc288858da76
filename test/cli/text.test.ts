import { styleText } from 'node:util';
import { describe, expect, it } from 'vitest';
import { relative, relativeText, span } from '../../src/cli/since.js';
import { headedTable, indented, table } from '../../src/cli/table.js';

const NOW = new Date('2030-01-01T00:00:00Z');

describe('span', () => {
  it.each([
    [0, '0 s'],
    [118.6, '119 s'],
    [120, '2 min'],
    [299.4, '5 min'],
    [7_199, '120 min'],
    [7_200, '2 h'],
    [12_000, '3 h 20 min'],
    [86_399, '24 h'],
    [172_800, '2 d'],
    [187_200, '2 d 4 h'],
    [-90, '90 s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(span(seconds)).toBe(text);
  });
});

describe('relative', () => {
  it('says which way', () => {
    const at = (ms: number): Date => new Date(NOW.getTime() + ms);
    expect([relative(at(420_000), NOW), relative(at(-5_000), NOW), relative(at(400), NOW)]).toEqual([
      'in 7 min',
      '5 s ago',
      'now',
    ]);
  });

  it('is a dash where there is no instant', () => {
    expect(relativeText('', NOW)).toBe('-');
  });
});

describe('table', () => {
  it('aligns columns by what is seen, not by what is written', () => {
    const red = styleText('red', 'ab', { validateStream: false });
    expect(
      table([
        [red, 'x'],
        ['abcd', 'y'],
      ]),
    ).toBe(`${red}    x\nabcd  y`);
  });

  it('leaves no space at the end of a line', () => {
    expect(
      table([
        ['a', ''],
        ['bb', 'c'],
      ]),
    ).toBe('a\nbb  c');
  });

  it('has words for emptiness', () => {
    expect(headedTable(['id'], [], 'no entries')).toBe('no entries');
  });

  it('indents lines, but not empty ones', () => {
    expect(indented('a\n\nb')).toBe('  a\n\n  b');
  });
});
