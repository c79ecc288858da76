import type {
  MethodDefinition,
  Server,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { SpoorError } from '../core/errors.js';
import type { Methods } from '../wire/definitions.js';
import type { Desk } from './desk.js';
import { reading, type Received } from './received.js';
import { unary, type Respond } from './unary.js';

/** One RPC as the server registers it. */
export interface Rpc {
  readonly name: string;
  readonly responseStream: boolean;
  readonly read: (bytes: Buffer) => unknown;
  readonly write: (response: never) => Buffer;
  readonly handle: (method: string) => UntypedHandleCall;
}

/** Registers a service from its RPCs. */
export function addService(server: Server, service: string, rpcs: readonly Rpc[]): void {
  const definition: Record<string, MethodDefinition<unknown, unknown>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const { name, responseStream, read, write, handle } of rpcs) {
    const path = `/${service}/${name}`;
    definition[name] = {
      path,
      requestStream: false,
      responseStream,
      requestDeserialize: reading(read),
      responseSerialize: write as (response: unknown) => Buffer,
      requestSerialize: clientSide,
      responseDeserialize: clientSide,
    };
    implementation[name] = handle(path);
  }
  server.addService(definition, implementation);
}

/** An answer for each RPC of a service that is unary throughout. */
export type Answers<M> = {
  readonly [Name in keyof M]: M[Name] extends (request: infer Request) => infer Response
    ? Respond<Request, Response>
    : never;
};

/**
 * Registers a service of ours. Its proto is read at its first call: most daemons are started more often than they are
 * administered.
 */
export function addUnaryService<M extends object>(
  server: Server,
  desk: Desk,
  service: string,
  load: () => Methods<M>,
  answers: Answers<M>,
): void {
  const methods = once(load) as () => Record<string, MethodDefinition<unknown, unknown>>;
  const rpcs = Object.entries(answers as Record<string, Respond<unknown, unknown>>).map(
    ([name, respond]) => ({
      name,
      responseStream: false,
      read: (bytes: Buffer) => methodOf(methods(), name).requestDeserialize(bytes),
      write: (response: unknown) => methodOf(methods(), name).responseSerialize(response),
      handle: (method: string) => unary(desk, method, respond),
    }),
  );
  addService(server, service, rpcs);
}

/** Makes its value at the first call, and keeps it. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** A handler that refuses: what the operator has switched off. */
export function notOffered(words: string): (request: Received<unknown>) => never {
  return () => {
    throw new SpoorError('NOT_OFFERED', words);
  };
}

function methodOf(
  methods: Record<string, MethodDefinition<unknown, unknown>>,
  name: string,
): MethodDefinition<unknown, unknown> {
  const method = methods[name];
  if (method === undefined) throw new SpoorError('INVARIANT_BROKEN', `no RPC ${name} in the proto`);
  return method;
}

/** A server never writes requests and never reads responses. */
function clientSide(): never {
  throw new SpoorError('INVARIANT_BROKEN', 'a server was used as a client');
}
