import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { JwtSvid } from '../spiffe/jwt-svid.js';
import { Backoff } from './backoff.js';
import { callError, isFinal } from './call-error.js';
import { withDefaults } from './defaults.js';
import type { SourceOptions } from './source.js';
import { type JwtRequest, WorkloadApiClient } from './workload-api-client.js';

/** Audiences that are kept; the one longest unused goes first. */
const MAX_KEPT = 1_000;
const DEFAULT_TIMEOUT_MS = 10_000;
/** How long after a failed renewal nobody asks again while the token that is kept still holds. */
const RETRY_RENEWAL_MS = 1_000;

interface Kept {
  readonly svid: JwtSvid;
  /** Epoch milliseconds at which it is to be renewed. */
  dueMs: number;
}

/**
 * JWT-SVIDs of this workload, by audience. Each is kept until half of its life is over, and asked for once however
 * many wait for it. When a renewal fails, the one that is kept serves until it expires.
 */
export class JwtSource implements AsyncDisposable {
  readonly #client: WorkloadApiClient;
  readonly #deps: { readonly clock: Clock; readonly random: () => number };
  readonly #timeoutMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #flights = new Map<string, Promise<JwtSvid>>();
  readonly #stop = new AbortController();
  readonly #resources: AsyncDisposableStack;

  private constructor(client: WorkloadApiClient, options: SourceOptions, resources: AsyncDisposableStack) {
    this.#client = client;
    this.#deps = withDefaults(options);
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#resources = resources;
  }

  /** Asks for nothing yet: `fetch` does. `timeoutMs` (10,000) is for each fetch. Errors: ENDPOINT_INVALID. */
  static async open(options: SourceOptions = {}): Promise<JwtSource> {
    await using resources = new AsyncDisposableStack();
    const client = options.client ?? resources.use(WorkloadApiClient.open(options));
    return new JwtSource(client, options, resources.move());
  }

  /**
   * A JWT-SVID for the audience, of the default identity or of the one that is named; kept or new.
   *
   * A Workload API that is not there, or has no identity for us yet, is asked again until `timeoutMs` is over.
   *
   * Errors: the last failure: IDENTITY_NOT_ISSUED, DAEMON_UNREACHABLE, RATE_EXCEEDED, RESPONSE_INVALID; at once
   *         ARGUMENT_INVALID and NOT_OFFERED; STOPPING when the source is closed; `signal.reason`.
   */
  async fetch(request: JwtRequest, signal: AbortSignal = this.#stop.signal): Promise<JwtSvid> {
    signal.throwIfAborted();
    const key = keyOf(request);
    const kept = this.#kept.get(key);
    const nowMs = this.#deps.clock.now().getTime();
    if (kept !== undefined && nowMs < kept.dueMs && nowMs < kept.svid.expiresAt.getTime()) {
      this.#keep(key, kept);
      return kept.svid;
    }
    return await orAbort(this.#flight(key, request), signal);
  }

  /** The JWT-SVID for the audience, and each that takes its place at half of its life. Errors: as `fetch`. */
  async *updates(request: JwtRequest, signal: AbortSignal): AsyncGenerator<JwtSvid, void, undefined> {
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    let last: JwtSvid | undefined;
    while (!stop.aborted) {
      const svid = await this.fetch(request, stop);
      if (svid !== last) yield svid;
      last = svid;
      const dueMs = this.#kept.get(keyOf(request))?.dueMs ?? 0;
      await this.#deps.clock.sleep(
        Math.max(RETRY_RENEWAL_MS, dueMs - this.#deps.clock.now().getTime()),
        stop,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new SpoorError('STOPPING', 'the source of JWT-SVIDs is closed'));
    await Promise.allSettled(this.#flights.values());
    await this.#resources.disposeAsync();
  }

  /** One for all who ask for the same at the same time; it goes on when one of them gives up. */
  #flight(key: string, request: JwtRequest): Promise<JwtSvid> {
    const under = this.#flights.get(key);
    if (under !== undefined) return under;
    const flight = this.#renew(key, request).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  async #renew(key: string, request: JwtRequest): Promise<JwtSvid> {
    const { clock } = this.#deps;
    const kept = this.#kept.get(key);
    const holds = kept !== undefined && clock.now() < kept.svid.expiresAt;
    try {
      const svid = await this.#ask(request, holds ? 0 : this.#timeoutMs);
      this.#keep(key, { svid, dueMs: halfLifeMs(svid, clock.now()) });
      return svid;
    } catch (error) {
      if (!holds || !mayPass(error)) throw error;
      // The last good one serves on; who asks in the meantime need not wait for a server that is away.
      kept.dueMs = clock.now().getTime() + RETRY_RENEWAL_MS;
      return kept.svid;
    }
  }

  async #ask(request: JwtRequest, timeoutMs: number): Promise<JwtSvid> {
    const { clock } = this.#deps;
    const backoff = new Backoff(this.#deps);
    const untilMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      try {
        const [svid] = await this.#client.fetchJwtSvid(request, this.#stop.signal);
        if (svid !== undefined) return svid;
        throw new SpoorError('RESPONSE_INVALID', 'FetchJWTSVID gave no JWT-SVID');
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        const failure = callError(error, 'FetchJWTSVID');
        const delayMs = backoff.afterFailure();
        if (isFinal(failure) || clock.monotonicMs() + delayMs > untilMs) throw failure;
        await clock.sleep(delayMs, this.#stop.signal);
      }
    }
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** A failure that says nothing against the token that we hold. PERMISSION_DENIED does: the identity is gone. */
function mayPass(error: unknown): boolean {
  return error instanceof SpoorError && (error.kind === 'wait' || error.code === 'RESPONSE_INVALID');
}

function keyOf({ audience, spiffeId }: JwtRequest): string {
  return JSON.stringify([spiffeId?.toString() ?? '', ...[audience].flat()]);
}

/** Half of the life, from issuance, or from now where the token does not say when that was. */
function halfLifeMs({ issuedAt, expiresAt }: JwtSvid, now: Date): number {
  const begin = (issuedAt ?? now).getTime();
  return begin + (expiresAt.getTime() - begin) / 2;
}

/** Waits for `promise` no longer than until `signal` aborts. Errors: `signal.reason`. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
