import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import type * as ProtoLoader from '@grpc/proto-loader';
import { SpoorError } from '../core/errors.js';

const FOLDER = new URL('../../proto/', import.meta.url);

/** Every method of a service by its name in the proto; `M` says which messages each takes and gives. */
export type Methods<M> = {
  readonly [Name in keyof M]: M[Name] extends (request: infer Request) => infer Response
    ? MethodDefinition<Request, Response>
    : never;
};

/**
 * Reads one file of proto/. Fields keep their names; 64-bit numbers and enums become strings; absent fields have their
 * defaults; `bytes` are Buffers.
 *
 * Takes: `file` — its path below proto/.
 */
export function loadProto(file: string): ProtoLoader.PackageDefinition {
  // Loaded at the first use: the daemon's hot messages do without it, and it costs 20 ms of the start.
  const load = createRequire(import.meta.url)('@grpc/proto-loader') as typeof ProtoLoader;
  return load.loadSync(file, {
    keepCase: true,
    longs: String,
    enums: String,
    bytes: Buffer,
    defaults: true,
    oneofs: true,
    includeDirs: [fileURLToPath(FOLDER)],
  });
}

/**
 * The methods of one service, for clients: `client.makeUnaryRequest(m.path, m.requestSerialize, m.responseDeserialize, …)`,
 * or the argument of `makeGenericClientConstructor`.
 *
 * Errors: INVARIANT_BROKEN when the file has no such service.
 */
export function methodsOf<M>(file: string, service: string): Methods<M> {
  const definition = loadProto(file)[service];
  if (definition === undefined || 'format' in definition) {
    throw new SpoorError('INVARIANT_BROKEN', `proto/${file} has no service ${service}`);
  }
  return definition as unknown as Methods<M>;
}
