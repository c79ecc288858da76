import type { Logger } from '../core/log.js';
import type { BundleSet } from '../spiffe/bundle.js';
import type { JwtSvid } from '../spiffe/jwt-svid.js';
import type { SpiffeId } from '../spiffe/spiffe-id.js';
import { Channel } from './channel.js';
import { type ClientDeps, withDefaults } from './defaults.js';
import { endpointFromEnvironment, parseEndpoint } from './endpoint.js';
import { readEach } from './read-each.js';
import {
  type HeldWitSvid,
  readJwtBundles,
  readJwtSvids,
  readValidatedJwt,
  readWitBundles,
  readWitSvids,
  type ValidatedJwt,
} from './token-responses.js';
import { readX509Bundles, readX509Context, type X509Context } from './x509-responses.js';

export interface WorkloadApiOptions extends ClientDeps {
  /** Where the Workload API is, e.g. `unix:///run/spoor/agent.sock`. SPIFFE_ENDPOINT_SOCKET unless given. */
  readonly endpoint?: string;
}

/** Which JWT-SVIDs are wanted. */
export interface JwtRequest {
  /** At least one; all of them stand in the token. */
  readonly audience: string | readonly string[];
  /** One of several identities; all of them unless given. */
  readonly spiffeId?: SpiffeId;
}

/**
 * The seven RPCs of a SPIFFE Workload API, of any server, one call each: nothing is retried, cached or kept. The
 * sources (`X509Source` and its like) do that.
 *
 * Every message of a stream is the whole state and replaces the one before it. A message that lacks a mandatory field
 * is reported to the log and discarded. A stream ends when the server ends it, and when `signal` aborts.
 *
 * Errors of all: IDENTITY_NOT_ISSUED, ARGUMENT_INVALID, NOT_OFFERED, RATE_EXCEEDED, DAEMON_UNREACHABLE (all else), with
 *                the gRPC status in `facts`; the unary calls also RESPONSE_INVALID, and `signal.reason` on abort.
 * Source:        Workload API sections 4 to 7, Workload Endpoint sections 3 and 6.
 */
export class WorkloadApiClient implements AsyncDisposable {
  readonly #channel: Channel;
  readonly #log: Logger;

  private constructor(channel: Channel, log: Logger) {
    this.#channel = channel;
    this.#log = log;
  }

  /** Connects at the first call. Errors: ENDPOINT_INVALID. */
  static open(options: WorkloadApiOptions = {}): WorkloadApiClient {
    const { endpoint } = options;
    const where = endpoint === undefined ? endpointFromEnvironment() : parseEndpoint(endpoint);
    return new WorkloadApiClient(new Channel(where), withDefaults(options).log);
  }

  /** Every X509-SVID of this workload with the bundles to judge others by, now and after each change. */
  fetchX509Svid(signal: AbortSignal): AsyncIterable<X509Context> {
    const messages = this.#channel.stream('FetchX509SVID', {}, signal);
    return readEach(messages, (message) => readX509Context(message, this.#log), this.#log);
  }

  /** The X.509 bundles of every trust domain that this workload may trust. */
  fetchX509Bundles(signal: AbortSignal): AsyncIterable<BundleSet> {
    const messages = this.#channel.stream('FetchX509Bundles', {}, signal);
    return readEach(messages, (message) => readX509Bundles(message, this.#log), this.#log);
  }

  /** JWT-SVIDs for an audience, the default identity first; at least one. */
  async fetchJwtSvid(request: JwtRequest, signal: AbortSignal): Promise<readonly JwtSvid[]> {
    const audience = [request.audience].flat();
    const spiffeId = request.spiffeId?.toString() ?? '';
    return readJwtSvids(await this.#channel.unary('FetchJWTSVID', { audience, spiffe_id: spiffeId }, signal));
  }

  /** The keys by which JWT-SVIDs are judged, by trust domain. */
  fetchJwtBundles(signal: AbortSignal): AsyncIterable<BundleSet> {
    const messages = this.#channel.stream('FetchJWTBundles', {}, signal);
    return readEach(messages, (message) => readJwtBundles(message, this.#log), this.#log);
  }

  /** Has the Workload API judge a token; a token that does not hold is ARGUMENT_INVALID. */
  async validateJwtSvid(token: string, audience: string, signal: AbortSignal): Promise<ValidatedJwt> {
    return readValidatedJwt(await this.#channel.unary('ValidateJWTSVID', { audience, svid: token }, signal));
  }

  /** Every WIT-SVID of this workload, or that of one identity, with its key, now and before each expires. */
  fetchWitSvid(
    request: { readonly spiffeId?: SpiffeId },
    signal: AbortSignal,
  ): AsyncIterable<readonly HeldWitSvid[]> {
    const messages = this.#channel.stream(
      'FetchWITSVID',
      { spiffe_id: request.spiffeId?.toString() ?? '' },
      signal,
    );
    return readEach(messages, readWitSvids, this.#log);
  }

  /** The keys by which WIT-SVIDs are judged, by trust domain. */
  fetchWitBundles(signal: AbortSignal): AsyncIterable<BundleSet> {
    const messages = this.#channel.stream('FetchWITBundles', {}, signal);
    return readEach(messages, (message) => readWitBundles(message, this.#log), this.#log);
  }

  /** Hangs up; streams that are open end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel[Symbol.dispose]();
  }
}
