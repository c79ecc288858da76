import { SpoorError } from '../core/errors.js';
import type { Snapshot } from '../core/snapshot.js';
import type { RefusedMatch } from '../entries/entry.js';
import type { ViewProfile } from '../issuance/views.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import type { CallContext } from './call-context.js';
import type { Rooms } from './rooms.js';
import type { Source } from './server-stream.js';

/** What a profile serves: which view, and how it is said on the wire. */
export interface Following<View> {
  readonly profile: ViewProfile;
  readonly take: (context: CallContext) => Snapshot<View> | Promise<Snapshot<View>>;
  /** Errors: IDENTITY_NOT_ISSUED when there is nothing in the view for the caller. */
  readonly write: (view: View) => Buffer;
  /** True: a message that says what the one before it said is not sent. */
  readonly suppressEqual: boolean;
}

/**
 * Follows one view of the caller: says it at once, and again whenever it is replaced.
 *
 * Errors: those of attestation and of the view; IDENTITY_NOT_ISSUED also mid-stream, when the last entry is withdrawn
 *         or the process has become another one.
 * Source: Workload API sections 4.3 and 5.2.1.
 */
export class Follower<View> implements Source<Buffer> {
  readonly #context: CallContext;
  readonly #views: Rooms['views'];
  readonly #following: Following<View>;
  #hold: Disposable | undefined;
  #latest: Snapshot<View> | undefined;

  constructor(context: CallContext, views: Rooms['views'], following: Following<View>) {
    this.#context = context;
    this.#views = views;
    this.#following = following;
  }

  next(): Buffer | undefined | Promise<Buffer | undefined> {
    // Each time anew: since the last message the process may have become another one.
    const attested = this.#context.attest();
    return attested instanceof Promise ? attested.then(() => this.#take()) : this.#take();
  }

  onDue(listener: () => void): () => void {
    return this.#latest?.onReplaced(listener) ?? nothing;
  }

  [Symbol.dispose](): void {
    this.#hold?.[Symbol.dispose]();
    this.#hold = undefined;
  }

  #take(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#context.ending !== undefined) return undefined;
    this.#hold ??= this.#views.hold(this.#context.instance, this.#following.profile);
    const taken = this.#following.take(this.#context);
    return taken instanceof Promise
      ? taken.then((snapshot) => this.#messageOf(snapshot))
      : this.#messageOf(taken);
  }

  /** Undefined when it says what the message before it said and that need not be said again. */
  #messageOf(snapshot: Snapshot<View>): Buffer | undefined {
    const { write, suppressEqual } = this.#following;
    const before = this.#latest;
    this.#latest = snapshot;
    const message = write(snapshot.value);
    // Written again instead of kept: views are shared by the streams of an instance, messages are not.
    if (suppressEqual && before !== undefined && write(before.value).equals(message)) return undefined;
    return message;
  }
}

function nothing(): void {}

/** What a caller without an identity is answered; the log says which entries it missed only by their template. */
export function notIssued(refused: readonly RefusedMatch[] = [], asked?: SpiffeId): SpoorError {
  const found =
    asked === undefined ? 'no entry matches this process' : `no entry makes it ${asked.toString()}`;
  const missed = refused.map(({ entry, reason }) => `${entry.id}: ${reason}`).join('; ');
  return new SpoorError('IDENTITY_NOT_ISSUED', `no identity issued: ${found}`, {
    facts: missed === '' ? {} : { missed: missed.slice(0, 500) },
  });
}
