import { describe, expect, it } from 'vitest';
import { endOfLife, rotationInstant } from '../../src/issuance/schedule.js';

const T0 = new Date('2030-01-01T00:00:00Z');
const later = (seconds: number): Date => new Date(T0.getTime() + seconds * 1_000);

describe('rotationInstant', () => {
  it.each([
    [0, 405],
    [0.5, 450],
    [0.999_999, 495],
  ])('of fifteen minutes, with the draw %f, is at about %i seconds', (random, seconds) => {
    expect(Math.round(rotationInstant(T0, later(900), random).getTime() / 1_000)).toBe(
      later(seconds).getTime() / 1_000,
    );
  });

  it('spreads a fleet over a tenth of the lifetime', () => {
    const instants = Array.from({ length: 1_000 }, (_, draw) =>
      rotationInstant(T0, later(900), draw / 1_000).getTime(),
    );
    expect(Math.max(...instants) - Math.min(...instants)).toBeGreaterThan(89_000);
  });
});

describe('endOfLife', () => {
  it.each([
    ['the lifetime', 900, 86_400, 900],
    ['the end of what signs', 900, 60, 60],
  ])('is %s', (_what, ttl, signerEnd, end) => {
    expect(endOfLife(T0, ttl, later(signerEnd))).toEqual(later(end));
  });

  it('is in whole seconds, and never past the end of what signs', () => {
    expect(endOfLife(new Date(T0.getTime() + 999), 900, new Date(T0.getTime() + 5_999))).toEqual(later(5));
  });
});
