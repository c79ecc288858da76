import { Client, credentials, Metadata, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { SECURITY_HEADER } from '../wire/workload-api.js';
import { adminMethods, type AdminService } from '../wire/admin.js';
import type { Methods } from '../wire/definitions.js';
import { explainMethods, type ExplainService } from '../wire/explain.js';
import { launchesMethods, type LaunchesService } from '../wire/launches.js';
import { errorFromWire } from './wire-error.js';

/** An import of many entries takes a while; everything else is far below. */
const DEADLINE_MS = 30_000;

type Asked<M, Name extends keyof M> = M[Name] extends (request: infer Request) => unknown ? Request : never;
type Answer<M, Name extends keyof M> = M[Name] extends (request: never) => infer Response ? Response : never;

/** The unary calls of one service of the daemon, over one of its sockets. */
export class Connection<M> implements Disposable {
  readonly #path: string;
  readonly #client: Client;
  readonly #methods: Methods<M>;

  private constructor(path: string, methods: Methods<M>) {
    this.#path = path;
    this.#methods = methods;
    this.#client = new Client(`unix:${path}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  }

  /** The admin service. Connects at the first call. */
  static toAdmin(path: string): Connection<AdminService> {
    return new Connection(path, adminMethods());
  }

  /** The explain service, which both sockets have. Connects at the first call. */
  static toExplain(path: string): Connection<ExplainService> {
    return new Connection(path, explainMethods());
  }

  /** The launched programs, which both sockets have. Connects at the first call. */
  static toLaunches(path: string): Connection<LaunchesService> {
    return new Connection(path, launchesMethods());
  }

  /**
   * Makes one call.
   *
   * Errors: whatever the daemon raised, with its own code; DAEMON_UNREACHABLE naming the socket; ADMIN_DENIED when
   *         this user may not open it; DEADLINE_EXCEEDED after 30 s, or after `withinMs`.
   */
  call<Name extends keyof M>(
    name: Name,
    request: Asked<M, Name>,
    withinMs = DEADLINE_MS,
  ): Promise<Answer<M, Name>> {
    const method = this.#methods[name] as unknown as MethodDefinition<Asked<M, Name>, Answer<M, Name>>;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        headers(),
        { deadline: Date.now() + withinMs },
        (error: ServiceError | null, response) => {
          if (error === null) return resolve(response as Answer<M, Name>);
          void errorFromWire(error, this.#path).then(reject);
        },
      );
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

function headers(): Metadata {
  const metadata = new Metadata();
  metadata.set(SECURITY_HEADER.name, SECURITY_HEADER.value);
  return metadata;
}
