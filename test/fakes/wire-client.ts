import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  credentials,
  Metadata,
  type ClientReadableStream,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Methods } from '../../src/wire/definitions.js';

type Asked<M, Name extends keyof M> = M[Name] extends (request: infer Request) => unknown ? Request : never;
type Given<M, Name extends keyof M> = M[Name] extends (request: never) => infer Response ? Response : never;

/** Metadata with the security header, or with whatever a test sends in its place. */
export function header(...values: string[]): Metadata {
  const metadata = new Metadata();
  for (const value of values.length === 0 ? ['true'] : values) metadata.add('workload.spiffe.io', value);
  return metadata;
}

/** Messages of one stream, one at a time. */
export class Messages<Response> {
  readonly #call: ClientReadableStream<Response>;
  readonly #iterator: AsyncIterator<Response>;

  constructor(call: ClientReadableStream<Response>) {
    this.#call = call;
    call.on('error', () => {});
    this.#iterator = call[Symbol.asyncIterator]() as AsyncIterator<Response>;
  }

  async next(): Promise<Response> {
    const { value, done } = await this.#iterator.next();
    if (done === true) throw new Error('the stream ended with OK');
    return value;
  }

  /** The status with which the stream ends, in place of a next message. */
  async end(): Promise<ServiceError> {
    try {
      const message = await this.next();
      throw new Error(`a message came in place of the end: ${JSON.stringify(message)}`);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return error as ServiceError;
      throw error;
    }
  }

  /** True when nothing comes for a while. The one place where real time passes: silence has no event. */
  async isSilent(ms = 60): Promise<boolean> {
    const spoken = this.#iterator.next().then(() => 'spoken');
    return (await Promise.race([spoken, sleep(ms, 'silent')])) === 'silent';
  }

  pause(): void {
    this.#call.pause();
  }

  cancel(): void {
    this.#call.cancel();
  }
}

/** A real grpc-js client for one service on a Unix socket. */
export class WireClient<M> implements Disposable {
  readonly #client: Client;
  readonly #methods: Methods<M>;

  constructor(path: string, methods: Methods<M>) {
    this.#client = new Client(`unix:${path}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#methods = methods;
  }

  unary<Name extends keyof M>(
    name: Name,
    request: Partial<Asked<M, Name>>,
    metadata = header(),
  ): Promise<Given<M, Name>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(name);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request as Asked<M, Name>,
        metadata,
        (error, response) => (error ? reject(error) : resolve(response as Given<M, Name>)),
      );
    });
  }

  /** Makes a unary call, and hangs up as soon as `when` holds. */
  async cancelled<Name extends keyof M>(
    name: Name,
    request: Partial<Asked<M, Name>>,
    when: () => boolean,
  ): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = this.#method(name);
    const asked = request as Asked<M, Name>;
    const ended = Promise.withResolvers<void>();
    const call = this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      asked,
      header(),
      () => ended.resolve(),
    );
    while (!when()) await sleep(1);
    call.cancel();
    await ended.promise;
  }

  /** The error of a unary call that must fail. */
  async refused<Name extends keyof M>(
    name: Name,
    request: Partial<Asked<M, Name>>,
    metadata = header(),
  ): Promise<ServiceError> {
    return this.unary(name, request, metadata).then(
      () => Promise.reject(new Error(`${String(name)} was answered`)),
      (error: unknown) => error as ServiceError,
    );
  }

  stream<Name extends keyof M>(
    name: Name,
    request: Partial<Asked<M, Name>> = {},
    metadata = header(),
  ): Messages<Given<M, Name>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(name);
    return new Messages(
      this.#client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request as Asked<M, Name>,
        metadata,
      ),
    );
  }

  /** Sends bytes that need be no message, and gives the error. */
  refusedBytes(path: string, bytes: Buffer): Promise<ServiceError> {
    const asIs = (buffer: Buffer): Buffer => buffer;
    const call = this.#client.makeServerStreamRequest(path, asIs, asIs, bytes, header());
    return new Messages(call).end();
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #method<Name extends keyof M>(name: Name): MethodDefinition<Asked<M, Name>, Given<M, Name>> {
    return this.#methods[name] as unknown as MethodDefinition<Asked<M, Name>, Given<M, Name>>;
  }
}
