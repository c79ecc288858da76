import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { SpoorError } from '../core/errors.js';
import type { Methods } from '../wire/definitions.js';
import { SECURITY_HEADER, type WorkloadApi, workloadApiMethods } from '../wire/workload-api.js';
import { callError } from './call-error.js';
import { type Endpoint, grpcTarget } from './endpoint.js';

/** Bundles of a thousand trust domains in one message. */
const MAX_MESSAGE_BYTES = 16_777_216;

const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  // A Workload API is on this machine: no proxy of the environment leads there, and no DNS record describes it.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  // The sources above keep their own backoff; this one is only not to stand in their way.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 500,
};

type Request<Name extends keyof WorkloadApi> = Parameters<WorkloadApi[Name]>[0];
type Response<Name extends keyof WorkloadApi> = ReturnType<WorkloadApi[Name]>;
type Method<Name extends keyof WorkloadApi> = MethodDefinition<Request<Name>, Response<Name>>;

/** One connection to a Workload API, and its RPCs as they are on the wire; every call carries the security header. */
export class Channel implements Disposable {
  readonly #client: Client;
  readonly #methods: Methods<WorkloadApi> = workloadApiMethods();
  readonly #closed = new AbortController();

  /** Connects at the first call. */
  constructor(endpoint: Endpoint) {
    this.#client = new Client(grpcTarget(endpoint), credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  /**
   * Makes a call with one answer.
   *
   * Errors: `signal.reason` when it aborts; else as `callError`.
   */
  async unary<Name extends 'FetchJWTSVID' | 'ValidateJWTSVID'>(
    name: Name,
    request: Request<Name>,
    signal: AbortSignal,
  ): Promise<Response<Name>> {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    either.throwIfAborted();
    try {
      return await this.#ask(name, request, either);
    } catch (error) {
      either.throwIfAborted();
      throw callError(error, name);
    }
  }

  /**
   * Makes a call with many answers.
   *
   * Ends:   when the server ends it, and when `signal` aborts.
   * Errors: as `callError`.
   */
  async *stream<Name extends Exclude<keyof WorkloadApi, 'FetchJWTSVID' | 'ValidateJWTSVID'>>(
    name: Name,
    request: Request<Name>,
    signal: AbortSignal,
  ): AsyncGenerator<Response<Name>, void, undefined> {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    if (either.aborted) return;
    const call = this.#open(name, request);
    const cancel = (): void => call.cancel();
    either.addEventListener('abort', cancel);
    try {
      for await (const message of call) yield message as Response<Name>;
    } catch (error) {
      if (!either.aborted) throw callError(error, name);
    } finally {
      either.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  /** Calls that are open end; `close` alone would let them run. */
  [Symbol.dispose](): void {
    this.#closed.abort(new SpoorError('STOPPING', 'the connection to the Workload API is closed'));
    this.#client.close();
  }

  #open<Name extends keyof WorkloadApi>(
    name: Name,
    request: Request<Name>,
  ): ClientReadableStream<Response<Name>> {
    const method = this.#methods[name] as unknown as Method<Name>;
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      headers(),
    );
    // The iterator reports errors; what comes after it has gone, such as our own CANCELLED, concerns nobody.
    call.on('error', () => {});
    return call;
  }

  #ask<Name extends keyof WorkloadApi>(
    name: Name,
    request: Request<Name>,
    signal: AbortSignal,
  ): Promise<Response<Name>> {
    const method = this.#methods[name] as unknown as Method<Name>;
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: Response<Name>): void => {
        if (error === null && response !== undefined) resolve(response);
        else reject(error ?? new Error('neither an error nor a response'));
      };
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        headers(),
        done,
      );
      signal.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }
}

/** Workload Endpoint section 3: on every request. */
function headers(): Metadata {
  const metadata = new Metadata();
  metadata.set(SECURITY_HEADER.name, SECURITY_HEADER.value);
  return metadata;
}
