import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/core/duration.js';
import { outcome } from '../fakes/outcome.js';

describe('parseDuration', () => {
  it.each([
    ['15m', 900],
    ['90s', 90],
    ['24h', 86_400],
    ['1h30m', 5_400],
    ['1d2h3m4s', 93_784],
    ['0s', 0],
  ])('reads %s as %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '900', '15 m', '15M', '-1m', '1.5h', 'm', '1m1h', '1m1m', ' 15m', '15m ', '9999999999s'])(
    'refuses %j',
    (text) => {
      expect(outcome(() => parseDuration(text))).toBe('ARGUMENT_INVALID');
    },
  );
});

describe('formatDuration', () => {
  it.each([
    [900, '15m'],
    [5_400, '1h30m'],
    [86_400, '1d'],
    [0, '0s'],
    [-5, '0s'],
    [61.9, '1m1s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
