import { describe, expect, it } from 'vitest';
import { isDnsName } from '../../src/entries/dns-name.js';

const LONGEST_LABEL = 'a'.repeat(63);

describe('isDnsName', () => {
  it.each([
    'web',
    'web.example.org',
    '1.2',
    'a-b.c',
    '*.example.org',
    `${LONGEST_LABEL}.org`,
    'xn--bcher-kva.ch',
  ])('takes %s', (text) => {
    expect(isDnsName(text)).toBe(true);
  });

  it.each([
    '',
    '.',
    'web.',
    '.web',
    'a..b',
    'Web',
    'a_b',
    '-a',
    'a-',
    '*',
    '*.org',
    'a.*.org',
    'w*.example.org',
    'bücher.ch',
    'a b',
    `${LONGEST_LABEL}a.org`,
    `${`${LONGEST_LABEL}.`.repeat(4)}org`,
  ])('refuses %s', (text) => {
    expect(isDnsName(text)).toBe(false);
  });
});
