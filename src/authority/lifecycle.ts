import { isValidAt, type AuthorityRecord } from './authority-record.js';
import type { Profile } from './authority-set.js';
import type { Lifetimes } from './settings.js';

/** How far back a new authority is dated, for verifiers whose clocks are behind. */
export const BACKDATE_MS = 600_000;
/** How long a successor that is wanted at once is published before it signs: every held view has the bundle by then. */
export const MOMENT_MS = 1_000;
/** Old JWT keys outlast their tokens by the leeway that verifiers allow. */
const JWT_GRACE_MS = 120_000;
/** Evidence that rests on a WIT is looked at for some time (decision 7). */
const WIT_GRACE_MS = 7_200_000;

/** How long the steps of one profile are. */
export interface Timing {
  /** From an authority's making to its end. Nothing that it signs lives longer. */
  readonly lifeMs: number;
  /** How long before its end an authority hands over: longer than the longest life of what it signs by default. */
  readonly tailMs: number;
  /** How long after everything that it signed has expired an old one stays published. */
  readonly graceMs: number;
}

/** Source: decisions 7 and 8. */
export function timingOf(profile: Profile, lifetimes: Lifetimes): Timing {
  const lifeMs = lifetimes.authoritySeconds * 1_000;
  const document = { x509: 'x509SvidSeconds', jwt: 'jwtSvidSeconds', wit: 'witSvidSeconds' } as const;
  const longestMs = lifetimes[document[profile]] * 1_000;
  // A document that lives longer than a third of its authority is cut short now and then; hand-overs come first.
  const tailMs = Math.min(Math.max(lifeMs / 6, longestMs), lifeMs / 3);
  const graceMs = { x509: 0, jwt: JWT_GRACE_MS, wit: WIT_GRACE_MS }[profile];
  return { lifeMs, tailMs, graceMs };
}

/** What is to be done next with the authorities of one profile, and from when on. */
export type Step =
  | { readonly kind: 'prepare'; readonly at: Date }
  | {
      readonly kind: 'publish' | 'activate' | 'remove';
      readonly at: Date;
      readonly record: AuthorityRecord;
    };

/**
 * The next step in the life of one profile's authorities.
 *
 * Takes:   `records`: those of one profile. `now`: to tell which can still be used.
 *          `prepares`: whether successors are made here; false when they are the user's.
 * Returns: the step that is due first; its `at` may lie in the past. Undefined when there is none.
 * Source:  decision 8. A successor is made at half of the active one's life and published in the same moment; it
 *          signs `tailMs` before that one's end, so it has been published for a sixth of a life or more, and
 *          nothing that the elder signs by default is cut short. The elder stays published until its last document
 *          has expired.
 */
export function nextStep(
  records: readonly AuthorityRecord[],
  timing: Timing,
  now: Date,
  prepares = true,
): Step | undefined {
  const active = records.find(({ state }) => state === 'active');
  const successor = successorOf(records, now);
  const steps: Step[] = records
    .filter((record) => record !== active && record !== successor)
    .map((record) => ({ kind: 'remove', at: removalOf(record, timing), record }));

  if (successor === undefined) {
    if (prepares) steps.push({ kind: 'prepare', at: preparationOf(active, timing, now) });
  } else if (successor.state === 'prepared') steps.push({ kind: 'publish', at: now, record: successor });
  else steps.push({ kind: 'activate', at: successor.activateAt ?? now, record: successor });
  return steps.toSorted((one, other) => one.at.getTime() - other.at.getTime())[0];
}

/** The one that is to sign next. One whose time is over, or not come after the clock was set back, is none. */
export function successorOf(records: readonly AuthorityRecord[], now: Date): AuthorityRecord | undefined {
  return records.findLast(
    (record) => (record.state === 'prepared' || record.state === 'published') && isValidAt(record, now),
  );
}

/** When a successor that is published now is to sign: in a moment when the active one is of no use. */
export function activationOf(active: AuthorityRecord | undefined, timing: Timing, now: Date): Date {
  const moment = later(now, MOMENT_MS);
  if (active === undefined || !isValidAt(active, now)) return moment;
  const planned = later(endOf(active, timing), -timing.tailMs);
  return planned > moment ? planned : moment;
}

function preparationOf(active: AuthorityRecord | undefined, timing: Timing, now: Date): Date {
  if (active === undefined || !isValidAt(active, now)) return now;
  return later(endOf(active, timing), -timing.lifeMs / 2);
}

/** Sooner than written when the lifetime was made shorter in the settings since. */
function endOf({ notBefore, notAfter }: AuthorityRecord, { lifeMs }: Timing): Date {
  const planned = later(notBefore, BACKDATE_MS + lifeMs);
  return planned < notAfter ? planned : notAfter;
}

/** When one that signs no more is forgotten: everything that it signed has expired by then. */
export function removalOf(record: AuthorityRecord, { lifeMs, graceMs }: Timing): Date {
  // A successor that never signed and no longer can leaves nothing behind that anybody would verify.
  if (record.state === 'prepared' || record.state === 'published') return record.since;
  const lastDocument = Math.min(record.notAfter.getTime(), record.since.getTime() + lifeMs);
  return new Date(lastDocument + graceMs);
}

function later(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms);
}
