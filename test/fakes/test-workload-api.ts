import { join } from 'node:path';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { SnapshotCell, untilReplaced } from '../../src/core/snapshot.js';
import { type WorkloadApi, workloadApiMethods } from '../../src/wire/workload-api.js';
import type { TestAuthority, TestX509Svid } from './test-authority.js';
import { temporaryFolder } from './temporary-folder.js';

type Rpc = keyof WorkloadApi;

/** What an RPC answers from now on: a message, a status, or, for a stream, its end. */
export type Answer<Message> =
  | { readonly message: Message }
  | { readonly status: status; readonly details?: string }
  | { readonly end: true };

export type AnswersOf = { readonly [Name in Rpc]: SnapshotCell<Answer<ReturnType<WorkloadApi[Name]>>> };

/** One call as it came in. */
export interface ReceivedCall {
  readonly rpc: Rpc;
  readonly request: unknown;
  readonly metadata: Metadata;
  /** What getPeer says: one value for each connection over TCP; the same for all over a Unix socket. */
  readonly peer: string;
}

/**
 * A Workload API that another than Spoor might have made: grpc-js on a Unix socket, which answers what a test tells
 * it to. It may be stopped and started again at the same address.
 */
export class TestWorkloadApi implements AsyncDisposable {
  readonly path: string;
  readonly calls: ReceivedCall[] = [];
  readonly answers: AnswersOf;
  readonly #folder: AsyncDisposable;
  readonly #open = new Map<ServerWritableStream<unknown, unknown>, AbortController>();
  readonly #address: string;
  #server: Server | undefined;
  #port = 0;

  private constructor(
    folder: { readonly path: string } & AsyncDisposable,
    where: 'unix' | 'tcp',
    name: string,
  ) {
    this.#folder = folder;
    this.path = join(folder.path, name);
    this.#address = where === 'unix' ? `unix://${this.path}` : '127.0.0.1:0';
    this.answers = newAnswers();
  }

  /** Answers UNIMPLEMENTED to everything until told otherwise. */
  static async open(where: 'unix' | 'tcp' = 'unix', name = 'agent.sock'): Promise<TestWorkloadApi> {
    const api = new TestWorkloadApi(await temporaryFolder(), where, name);
    await api.start();
    return api;
  }

  get endpoint(): string {
    return this.#port > 1 ? `tcp://127.0.0.1:${this.#port}` : `unix://${encodeURI(this.path)}`;
  }

  /** Streams that are open now. */
  get streams(): number {
    return this.#open.size;
  }

  callsOf(rpc: Rpc): readonly ReceivedCall[] {
    return this.calls.filter((call) => call.rpc === rpc);
  }

  async start(): Promise<void> {
    const server = new Server();
    server.addService(workloadApiMethods(), this.#handlers());
    // Over a Unix socket the port is 1.
    this.#port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(this.#address, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    this.#server = server;
  }

  /** Ends the streams that are open with OK, as a server may at any time. */
  hangUp(): void {
    for (const [call, stop] of this.#open) {
      stop.abort();
      call.end();
    }
  }

  /** Ends everything at once, as a process that is killed does. */
  async stop(): Promise<void> {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#folder[Symbol.asyncDispose]();
  }

  #handlers(): UntypedServiceImplementation {
    return {
      FetchX509SVID: this.#stream('FetchX509SVID'),
      FetchX509Bundles: this.#stream('FetchX509Bundles'),
      FetchJWTSVID: this.#unary('FetchJWTSVID'),
      FetchJWTBundles: this.#stream('FetchJWTBundles'),
      ValidateJWTSVID: this.#unary('ValidateJWTSVID'),
      FetchWITSVID: this.#stream('FetchWITSVID'),
      FetchWITBundles: this.#stream('FetchWITBundles'),
    };
  }

  #unary(rpc: Rpc): handleUnaryCall<unknown, unknown> {
    return (call, reply) => {
      this.calls.push({ rpc, request: call.request, metadata: call.metadata, peer: call.getPeer() });
      const answer = this.answers[rpc].current.value;
      if ('message' in answer) reply(null, answer.message);
      else reply({ code: 'status' in answer ? answer.status : status.INTERNAL, details: detailsOf(answer) });
    };
  }

  #stream(rpc: Rpc): handleServerStreamingCall<unknown, unknown> {
    return (call) => {
      this.calls.push({ rpc, request: call.request, metadata: call.metadata, peer: call.getPeer() });
      const stop = new AbortController();
      this.#open.set(call, stop);
      call.on('cancelled', () => stop.abort());
      void this.#serve(rpc, call, stop.signal).finally(() => this.#open.delete(call));
    };
  }

  async #serve(rpc: Rpc, call: ServerWritableStream<unknown, unknown>, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const { current } = this.answers[rpc];
      const answer: Answer<unknown> = current.value;
      if ('status' in answer)
        return void call.emit('error', { code: answer.status, details: detailsOf(answer) });
      if ('end' in answer) return void call.end();
      call.write(answer.message);
      await untilReplaced(current, stop);
    }
  }
}

/** A FetchX509SVID message with these SVIDs, all of one authority. */
export function x509Message(
  authority: TestAuthority,
  svids: readonly TestX509Svid[],
  federated: readonly TestAuthority[] = [],
): { message: ReturnType<WorkloadApi['FetchX509SVID']> } {
  const bundle = authority.root.der;
  const wire = svids.map(({ svid, chain, pkcs8 }) => ({
    spiffe_id: svid.id.toString(),
    x509_svid: chain,
    x509_svid_key: pkcs8,
    bundle,
    hint: svid.hint,
  }));
  const others = federated.map((other) => [`spiffe://${other.trustDomain.name}`, other.root.der]);
  return { message: { svids: wire, crl: [], federated_bundles: Object.fromEntries(others) } };
}

function newAnswers(): AnswersOf {
  const none = { status: status.UNIMPLEMENTED, details: 'not implemented' };
  return {
    FetchX509SVID: new SnapshotCell<Answer<ReturnType<WorkloadApi['FetchX509SVID']>>>(none),
    FetchX509Bundles: new SnapshotCell<Answer<ReturnType<WorkloadApi['FetchX509Bundles']>>>(none),
    FetchJWTSVID: new SnapshotCell<Answer<ReturnType<WorkloadApi['FetchJWTSVID']>>>(none),
    FetchJWTBundles: new SnapshotCell<Answer<ReturnType<WorkloadApi['FetchJWTBundles']>>>(none),
    ValidateJWTSVID: new SnapshotCell<Answer<ReturnType<WorkloadApi['ValidateJWTSVID']>>>(none),
    FetchWITSVID: new SnapshotCell<Answer<ReturnType<WorkloadApi['FetchWITSVID']>>>(none),
    FetchWITBundles: new SnapshotCell<Answer<ReturnType<WorkloadApi['FetchWITBundles']>>>(none),
  };
}

function detailsOf(answer: object): string {
  return 'details' in answer ? String(answer.details) : '';
}
