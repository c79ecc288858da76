import { SpoorError } from '../core/errors.js';
import type { Snapshot } from '../core/snapshot.js';
import type { RefusedMatch } from '../entries/entry.js';
import type { ViewProfile } from '../issuance/views.js';
import type { CallContext } from './call-context.js';
import type { Rooms } from './rooms.js';

/** What a profile serves: which view, and how it is said on the wire. */
export interface Following<View> {
  readonly profile: ViewProfile;
  readonly take: () => Snapshot<View> | Promise<Snapshot<View>>;
  /** Errors: IDENTITY_NOT_ISSUED when there is nothing in the view for the caller. */
  readonly write: (view: View) => Buffer;
  /** True: a message that says what the one before it said is not sent. */
  readonly suppressEqual: boolean;
}

/**
 * Follows one view of the caller: sends it at once, and again whenever it is replaced.
 *
 * Yields:  complete messages; each replaces the one before it (Workload API section 4.3).
 * Ends:    when the call is over: the caller hung up, or the daemon stops.
 * Errors:  those of attestation and of the view; IDENTITY_NOT_ISSUED also mid-stream, when the last entry is withdrawn
 *          or the process has become another one (section 5.2.1).
 */
export async function* follow<View>(
  context: CallContext,
  views: Rooms['views'],
  following: Following<View>,
): AsyncGenerator<Buffer> {
  let hold: Disposable | undefined;
  let sent: View | undefined;
  try {
    while (context.ending === undefined) {
      // Each time anew: since the last message the process may have become another one.
      const attested = context.attest();
      if (attested instanceof Promise) await attested;
      hold ??= views.hold(context.instance, following.profile);
      const taken = following.take();
      const snapshot = taken instanceof Promise ? await taken : taken;

      const message = following.write(snapshot.value);
      if (!following.suppressEqual) yield message;
      // The view is kept, not its message: views are shared by the streams of an instance.
      else if (sent === undefined || !following.write(sent).equals(message)) yield message;
      if (following.suppressEqual) sent = snapshot.value;
      await context.untilReplaced(snapshot);
    }
  } finally {
    hold?.[Symbol.dispose]();
  }
}

/** What a caller without an identity is answered; the log says which entries it missed only by their template. */
export function notIssued(refused: readonly RefusedMatch[] = []): SpoorError {
  const missed = refused.map(({ entry, reason }) => `${entry.id}: ${reason}`).join('; ');
  return new SpoorError('IDENTITY_NOT_ISSUED', 'no identity issued: no entry matches this process', {
    facts: missed === '' ? {} : { missed: missed.slice(0, 500) },
  });
}
