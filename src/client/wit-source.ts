import { SpoorError } from '../core/errors.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import { Source, type SourceOptions } from './source.js';
import type { HeldWitSvid } from './token-responses.js';

export interface WitSourceOptions extends SourceOptions {
  /** One of several identities; the default identity unless given. */
  readonly spiffeId?: SpiffeId;
}

/** The WIT-SVID of this workload with the key that proves it, always the newest. It rotates as `X509Source` does. */
export class WitSource implements AsyncDisposable {
  readonly #source: Source<readonly HeldWitSvid[]>;

  private constructor(source: Source<readonly HeldWitSvid[]>) {
    this.#source = source;
  }

  /** As `X509Source.open`; NOT_OFFERED at once where the Workload API has no WIT profile. */
  static async open(
    options: WitSourceOptions = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<WitSource> {
    const request = options.spiffeId === undefined ? {} : { spiffeId: options.spiffeId };
    const source = await Source.open<readonly HeldWitSvid[]>(
      options,
      { what: 'FetchWITSVID', open: (client, stop) => client.fetchWitSvid(request, stop), withdrawn: NONE },
      signal,
    );
    return new WitSource(source);
  }

  /** The WIT-SVID to present now, with a proof signed by its key. Errors: IDENTITY_NOT_ISSUED when it was withdrawn. */
  get current(): HeldWitSvid {
    const [first] = this.#source.snapshot.value;
    if (first !== undefined) return first;
    throw new SpoorError('IDENTITY_NOT_ISSUED', 'no WIT-SVID to present: the identity was withdrawn');
  }

  /** As `updates` of `X509Source`; empty after a withdrawal. */
  updates(signal: AbortSignal): AsyncGenerator<readonly HeldWitSvid[], void, undefined> {
    return this.#source.updates(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#source[Symbol.asyncDispose]();
  }
}

const NONE: readonly HeldWitSvid[] = [];
