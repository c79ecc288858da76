/** One measured figure, beside its floor from the same minute and what is demanded of it. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Prints a figure; a missed one makes the process end with code 1. */
export function print({ name, value, unit, floor, atMost, atLeast }: Figure): void {
  const met = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  const demand =
    atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : '';
  const verdict = demand === '' ? '' : met ? 'met' : 'MISSED';
  const beside = floor === undefined ? '' : `floor ${short(floor)} ${unit}`;
  console.log(
    [name.padEnd(58), `${short(value)} ${unit}`.padEnd(16), beside.padEnd(24), demand, verdict].join(' '),
  );
  if (!met) process.exitCode = 1;
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** The value below which this share of the sorted numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
