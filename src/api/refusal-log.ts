import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { CallContext } from './call-context.js';
import type { TokenBuckets } from './token-bucket.js';

/** Stands for calls of which the door does not know who makes them. */
const NOBODY = -1;

/**
 * One line for each refused call, with its number. A uid that floods gets its first lines; the rest are written at
 * `debug`, and the next line that is written says how many they were.
 */
export class RefusalLog {
  readonly #log: Logger;
  readonly #budget: TokenBuckets;
  #unlogged = 0;

  constructor(log: Logger, budget: TokenBuckets) {
    this.#log = log;
    this.#budget = budget;
  }

  add(context: CallContext, code: string, error: unknown, nowMs: number): void {
    const uid = context.peerIfKnown?.process.uid ?? NOBODY;
    const fields = fieldsOf(context, code, error);
    if (!this.#budget.take(uid, nowMs)) {
      this.#unlogged += 1;
      this.#log.debug('call refused', fields);
      return;
    }
    const unlogged = this.#unlogged;
    this.#unlogged = 0;
    const all = unlogged === 0 ? fields : { ...fields, unlogged };
    if (isOurs(error)) this.#log.error('call failed', { ...all, error });
    else this.#log.warn('call refused', all);
  }
}

/** Whether nobody but the operator or ourselves can mend it. */
function isOurs(error: unknown): boolean {
  return !(error instanceof SpoorError) || error.kind === 'bug' || error.kind === 'operator';
}

function fieldsOf(context: CallContext, code: string, error: unknown): Readonly<Record<string, unknown>> {
  const { call, method, peerIfKnown: peer } = context;
  return {
    call,
    method,
    code,
    ...(error instanceof SpoorError && { reason: error.message, ...error.facts }),
    ...(peer && { pid: peer.process.pid, uid: peer.process.uid, connection: peer.connection }),
  };
}
