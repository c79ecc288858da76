import { SpoorError } from './errors.js';

const SHAPE = /^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?$/;
const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/**
 * Reads a length of time as people write it.
 *
 * Shape:   whole numbers with a unit, the largest unit first: `15m`, `1h30m`, `90s`, `1d`.
 * Returns: seconds.
 * Errors:  ARGUMENT_INVALID for anything else, also for a bare number: 900 of what?
 */
export function parseDuration(text: string): number {
  const [whole = '', ...amounts] = SHAPE.exec(text) ?? [];
  if (whole === '') {
    throw new SpoorError(
      'ARGUMENT_INVALID',
      'not a duration: write whole numbers with d, h, m or s, e.g. 15m',
      {
        facts: { text: text.slice(0, 80) },
      },
    );
  }
  return UNITS.reduce((sum, [, seconds], at) => sum + Number(amounts[at] ?? 0) * seconds, 0);
}

/** Writes seconds as `parseDuration` reads them: 5400 as `1h30m`, 0 as `0s`. Fractions of a second are dropped. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.trunc(seconds));
  const parts = UNITS.map(([name, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount === 0 ? '' : `${amount}${name}`;
  });
  return parts.join('') || '0s';
}
