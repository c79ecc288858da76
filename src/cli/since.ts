const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A span of time for people, rounded, to two units at most: `12 s`, `7 min`, `3 h 20 min`, `2 d 4 h`.
 *
 * Takes: `seconds` — its sign is left out.
 */
export function span(seconds: number): string {
  const length = Math.abs(seconds);
  if (length < 2 * MINUTE) return `${Math.round(length)} s`;
  const minutes = Math.round(length / MINUTE);
  if (length < 2 * HOUR) return `${minutes} min`;
  if (length < 2 * DAY) return twoUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(length / HOUR);
  return twoUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** `in 7 min`, `3 h ago` or `now`. */
export function relative(to: Date, now: Date): string {
  const seconds = (to.getTime() - now.getTime()) / 1_000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(seconds)} ago`;
}

/** The same for an RFC 3339 instant of the wire; a dash where there is none. */
export function relativeText(instant: string, now: Date): string {
  return instant === '' ? '-' : relative(new Date(instant), now);
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
