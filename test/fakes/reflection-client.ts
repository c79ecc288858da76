import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client, credentials, type ClientDuplexStream, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import descriptor, { type IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js';
import { header } from './wire-client.js';

interface Answer {
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] } | null;
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] } | null;
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string } | null;
}

export type Version = 'v1' | 'v1alpha';

/** A client of server reflection, of grpc-js and the protos of @grpc/reflection. */
export class ReflectionClient implements Disposable {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<object, Answer>;
  readonly #answers: AsyncIterator<Answer>;

  constructor(path: string, version: Version = 'v1', metadata = header()) {
    this.#client = new Client(`unix:${path}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    const { path: method, requestSerialize, responseDeserialize } = methodOf(version);
    this.#call = this.#client.makeBidiStreamRequest(method, requestSerialize, responseDeserialize, metadata);
    this.#answers = this.#call[Symbol.asyncIterator]() as AsyncIterator<Answer>;
  }

  async ask(question: object): Promise<Answer> {
    this.#call.write(question);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the server ended the stream');
    return value;
  }

  /** Files with a symbol, the one that defines it first. */
  async files(symbol: string): Promise<IFileDescriptorProto[]> {
    const answer = await this.ask({ fileContainingSymbol: symbol });
    const bytes = answer.fileDescriptorResponse?.fileDescriptorProto ?? [];
    return bytes.map(
      (file) => descriptor.FileDescriptorProto.decode(file) as unknown as IFileDescriptorProto,
    );
  }

  /** Ends the requests; resolves when the server has ended its answers. */
  async end(): Promise<boolean> {
    this.#call.end();
    return (await this.#answers.next()).done ?? false;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** Every service that the server at `path` has, with the names of its RPCs. */
export async function listServices(path: string): Promise<Record<string, string[]>> {
  using client = new ReflectionClient(path);
  const services: Record<string, string[]> = {};
  for (const { name } of (await client.ask({ listServices: '*' })).listServicesResponse?.service ?? []) {
    const [file] = await client.files(name);
    const service = file?.service?.find((one) => name.endsWith(one.name ?? '?'));
    services[name] = (service?.method ?? []).map((method) => method.name ?? '?');
  }
  await client.end();
  return services;
}

function methodOf(version: Version): MethodDefinition<object, Answer> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '../proto');
  const name = `grpc.reflection.${version}.ServerReflection`;
  const loaded = loadSync(`grpc/reflection/${version}/reflection.proto`, {
    includeDirs: [folder],
    oneofs: true,
  });
  const service = loaded[name] as unknown as Record<string, MethodDefinition<object, Answer>>;
  return service['ServerReflectionInfo'] as MethodDefinition<object, Answer>;
}
