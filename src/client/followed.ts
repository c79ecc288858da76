import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import { type Snapshot, untilReplaced } from '../core/snapshot.js';

/** What is known of a followed stream: nothing yet, the last good value, or that it is of no use to go on. */
export type Followed<T> =
  | { readonly kind: 'waiting'; readonly failure?: SpoorError }
  | { readonly kind: 'held'; readonly value: T }
  | { readonly kind: 'ended'; readonly failure: SpoorError; readonly value?: T };

/**
 * Waits until a followed stream has its first value.
 *
 * Errors: DEADLINE_EXCEEDED after `timeoutMs`, with the last failure as cause and in the message; the failure itself
 *         when it is final; `signal.reason`.
 */
export async function firstValue<T>(
  stream: { readonly current: Snapshot<Followed<T>> },
  deps: { readonly what: string; readonly timeoutMs: number; readonly clock: Clock },
  signal: AbortSignal,
): Promise<T> {
  const settled = new AbortController();
  const late = new AbortController();
  const timer = deps.clock.sleep(deps.timeoutMs, AbortSignal.any([settled.signal, signal]));
  void timer.then(() => late.abort());
  const either = AbortSignal.any([late.signal, signal]);
  try {
    for (;;) {
      const snapshot = stream.current;
      if (snapshot.value.kind !== 'waiting') return valueOf(snapshot.value);
      signal.throwIfAborted();
      if (late.signal.aborted) throw tooLate(deps, snapshot.value.failure);
      await untilReplaced(snapshot, either);
    }
  } finally {
    settled.abort();
  }
}

/** The value that is held. Errors: the failure that ended the stream before there was one; DAEMON_UNREACHABLE. */
export function valueOf<T>(state: Followed<T>): T {
  if (state.kind === 'held') return state.value;
  if (state.kind === 'ended' && 'value' in state) return state.value;
  throw state.failure ?? new SpoorError('DAEMON_UNREACHABLE', 'the Workload API has not answered yet');
}

/**
 * The value that is held now, and each that takes its place; a slow reader skips to the newest.
 *
 * Ends:   when `signal` aborts.
 * Errors: the failure, when the stream has ended for good.
 */
export async function* updates<T>(
  stream: { readonly current: Snapshot<Followed<T>> },
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  while (!signal.aborted) {
    const snapshot = stream.current;
    if (snapshot.value.kind === 'ended') throw snapshot.value.failure;
    if (snapshot.value.kind === 'held') yield snapshot.value.value;
    await untilReplaced(snapshot, signal);
  }
}

function tooLate(deps: { what: string; timeoutMs: number }, last: SpoorError | undefined): SpoorError {
  const why = last === undefined ? 'the Workload API did not answer' : last.message;
  return new SpoorError('DEADLINE_EXCEEDED', `no first value within ${deps.timeoutMs} ms: ${why}`, {
    facts: { what: deps.what, timeoutMs: deps.timeoutMs, ...(last && { last: last.code }) },
    cause: last,
  });
}
