import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { status, type MethodDefinition, type Server, type ServerDuplexStream } from '@grpc/grpc-js';
import type * as HealthCheck from 'grpc-health-check';
import type * as Reflection from '@grpc/reflection';
import { describeFiles, type DescribedFile, type ProtoFile } from '../wire/descriptors.js';
import type { CallContext } from './call-context.js';
import type { Desk } from './desk.js';
import { reading, received, type Received } from './received.js';
import { once } from './service.js';

const PROTO = fileURLToPath(new URL('../../proto/', import.meta.url));
const VERSIONS = ['v1', 'v1alpha'] as const;
type Version = (typeof VERSIONS)[number];

interface Request {
  readonly host?: string;
  readonly messageRequest?: string;
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
}

type Call = ServerDuplexStream<Received<Request>, object>;

/**
 * Registers server reflection, v1 and v1alpha, for all that the agent socket serves.
 *
 * The messages are @grpc/reflection's; the answers are ours, since it lists a service without a package as
 * `.SpiffeWorkloadAPI` and does not find it by its name. All of it is loaded at the first call.
 *
 * Source: Workload Endpoint section 7; grpc/reflection/v1/reflection.proto.
 */
export function addReflection(server: Server, desk: Desk): void {
  const library = once(loadLibrary);
  const index = once(() => new Index(describeFiles(filesToDescribe())));
  for (const version of VERSIONS) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const method = (): MethodDefinition<object, Request> => library()[version];
    const definition: MethodDefinition<object, Received<Request>> = {
      path,
      requestStream: true,
      responseStream: true,
      requestDeserialize: reading((bytes) => method().requestDeserialize(bytes)),
      responseSerialize: (response) => method().responseSerialize(response as Request),
      requestSerialize: (request) => method().requestSerialize(request),
      responseDeserialize: (bytes) => method().responseDeserialize(bytes),
    };
    server.addService(
      { ServerReflectionInfo: definition },
      {
        ServerReflectionInfo: (call: Call) => void converse(call, desk, desk.open(path, call), index),
      },
    );
  }
}

/** Answers one request after the other, as fast as they are read. Never rejects. */
async function converse(call: Call, desk: Desk, context: CallContext, index: () => Index): Promise<void> {
  call.on('cancelled', () => context.end('hung up'));
  try {
    desk.admit(context, call);
    // An ordinary loop would destroy the call at the end of the requests, before its status is sent.
    for await (const request of call.iterator({ destroyOnReturn: false })) {
      const answer = index().answer(received(request as Received<Request>));
      await new Promise<void>((resolve) => {
        context.park((done) => {
          call.write(answer, done);
          return () => {};
        }, resolve);
      });
      if (context.ending !== undefined) break;
    }
    desk.done(context);
    call.end();
  } catch (error) {
    if (context.ending === 'hung up') desk.done(context);
    else call.emit('error', desk.refuse(context, error));
  }
}

/** All that can be asked about: by name of a file, and by name of anything in it. */
class Index {
  readonly #files: ReadonlyMap<string, DescribedFile>;
  readonly #bySymbol: ReadonlyMap<string, DescribedFile>;
  readonly #services: readonly string[];

  constructor(files: readonly DescribedFile[]) {
    this.#files = new Map(files.map((file) => [file.name, file]));
    this.#bySymbol = new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)));
    this.#services = files.flatMap(({ services }) => services).toSorted();
  }

  answer(request: Request): object {
    const answer = { validHost: request.host ?? '', originalRequest: request };
    switch (request.messageRequest ?? '') {
      case 'listServices':
        return { ...answer, listServicesResponse: { service: this.#services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return { ...answer, ...this.#give(this.#files.get(request.fileByFilename ?? '')) };
      case 'fileContainingSymbol':
        return { ...answer, ...this.#give(this.#bySymbol.get(request.fileContainingSymbol ?? '')) };
      case 'fileContainingExtension':
      case 'allExtensionNumbersOfType':
        return { ...answer, ...failure(status.NOT_FOUND, 'proto3 has no extensions') };
      default:
        return { ...answer, ...failure(status.UNIMPLEMENTED, 'no such question') };
    }
  }

  #give(file: DescribedFile | undefined): object {
    if (file === undefined) return failure(status.NOT_FOUND, 'no such name here');
    const imported = file.imports.map((name) => this.#files.get(name)).filter((found) => found !== undefined);
    return { fileDescriptorResponse: { fileDescriptorProto: [file, ...imported].map(({ bytes }) => bytes) } };
  }
}

function failure(errorCode: status, errorMessage: string): object {
  return { errorResponse: { errorCode, errorMessage } };
}

function filesToDescribe(): readonly ProtoFile[] {
  const require = createRequire(import.meta.url);
  const health = require('grpc-health-check') as typeof HealthCheck;
  const reflection = join(dirname(require.resolve('@grpc/reflection')), '../proto/grpc/reflection');
  return [
    { name: 'workloadapi.proto', path: join(PROTO, 'workloadapi.proto') },
    { name: 'spoor/v1/explain.proto', path: join(PROTO, 'spoor/v1/explain.proto') },
    { name: 'spoor/v1/launches.proto', path: join(PROTO, 'spoor/v1/launches.proto') },
    { name: 'grpc/health/v1/health.proto', path: health.protoPath },
    ...VERSIONS.map((version) => ({
      name: `grpc/reflection/${version}/reflection.proto`,
      path: join(reflection, version, 'reflection.proto'),
    })),
  ];
}

/** The library gives its definitions only to a server: this one takes them and nothing else. */
function loadLibrary(): Readonly<Record<Version, MethodDefinition<object, Request>>> {
  const { ReflectionService } = createRequire(import.meta.url)('@grpc/reflection') as typeof Reflection;
  const methods: MethodDefinition<object, Request>[] = [];
  new ReflectionService({}).addToServer({
    addService: (service) => {
      methods.push(...(Object.values(service) as unknown as MethodDefinition<object, Request>[]));
    },
  });
  const [v1, v1alpha] = methods;
  if (v1 === undefined || v1alpha === undefined) throw new TypeError('@grpc/reflection has no such service');
  return { v1, v1alpha };
}
