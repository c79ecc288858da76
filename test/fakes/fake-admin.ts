import { join } from 'node:path';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { SpoorError } from '../../src/core/errors.js';
import {
  adminMethods,
  TRAILERS,
  type AdminService,
  type BundleDocument,
  type Problem,
  type Status,
  type WireAuthorityState,
  type WireEntry,
  type WireEntryDraft,
} from '../../src/wire/admin.js';
import { explainMethods, type Explanation } from '../../src/wire/explain.js';
import {
  launchesMethods,
  type LaunchesService,
  type StopLaunchesRequest,
  type WireLaunch,
} from '../../src/wire/launches.js';
import { authority, CREATED, EMPTY, STATUS, summary } from './fake-admin-state.js';
import { FakeDefinitions } from './fake-definitions.js';
import { temporaryFolder } from './temporary-folder.js';

type Answers = { readonly [Name in keyof AdminService]: AdminService[Name] };

/**
 * A daemon's admin socket that really keeps entries and bundles and turns authorities, over grpc-js on a Unix socket.
 * It serves the explain service and the launched programs too; what it explains is put into `explanation`.
 */
export class FakeAdmin implements AsyncDisposable {
  readonly path: string;
  readonly entries = new Map<string, WireEntry>();
  readonly bundles = new Map<string, BundleDocument>();
  readonly definitions = new FakeDefinitions();
  authorities: WireAuthorityState[] = [authority('x509', 'aa11'), authority('jwt', 'bb22')];
  /** The record, a line each. */
  record: object[] = [];
  problems: Problem[] = [];
  explanation: Explanation | undefined;
  /** Thrown by every call from now on, if set. */
  failure: SpoorError | undefined;
  /** Sent by every call from now on as a workload would get it: without code and remedy. */
  refusal: { readonly code: status; readonly details: string } | undefined;
  readonly explained: number[] = [];
  /** What runs, and what was asked to be stopped. */
  launches: WireLaunch[] = [];
  readonly stopped: StopLaunchesRequest[] = [];
  readonly #folder: AsyncDisposable;
  readonly #server = new Server();
  #calls = 0;

  private constructor(folder: { readonly path: string } & AsyncDisposable) {
    this.#folder = folder;
    this.path = join(folder.path, 'admin.sock');
  }

  static async open(): Promise<FakeAdmin> {
    const admin = new FakeAdmin(await temporaryFolder());
    admin.#server.addService(adminMethods(), admin.#handlers(admin.#answers()));
    admin.#server.addService(explainMethods(), admin.#handlers({ Explain: admin.#explain }));
    admin.#server.addService(launchesMethods(), admin.#handlers(admin.#launchAnswers()));
    await new Promise<void>((resolve, reject) => {
      admin.#server.bindAsync(`unix://${admin.path}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return admin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await this.#folder[Symbol.asyncDispose]();
  }

  /** An entry as a file has it: nobody can change it by command. */
  addFileEntry(id: string, file: string, line: number): void {
    const selectors = ['unix:path:/usr/bin/node'];
    const draft = { ...EMPTY, id, spiffe_id: `spiffe://example.org/${id}`, selectors };
    const warnings = ['it rests on what the program says of itself'];
    this.entries.set(id, { ...draft, created_at: CREATED, source: 'file', file, line, warnings });
  }

  #answers(): Answers {
    return {
      GetStatus: () => this.#status(),
      CheckDaemon: () => ({ problems: this.problems }),
      Who: ({ needle }) => ({ lines: this.#recordOf(needle), cut: false }),
      ListEntries: (request) => {
        const all = [...this.entries.values()].filter(
          (entry) =>
            (request.spiffe_id === '' || entry.spiffe_id === request.spiffe_id) &&
            (request.selector === '' || entry.selectors.includes(request.selector)),
        );
        // Two a page, so that every list of three has to turn one.
        const start = Number(request.page_token || 0);
        const next = start + 2 < all.length ? String(start + 2) : '';
        return { entries: all.slice(start, start + 2), next_page_token: next, total: all.length };
      },
      GetEntry: ({ id }) => this.#entry(id),
      AddEntry: ({ entry }) => this.#add(entry ?? EMPTY),
      UpdateEntry: ({ id, entry, fields }) => {
        const change = Object.entries(entry ?? EMPTY).filter(([name]) => fields.includes(name));
        return this.#put({ ...this.#changeable(id), ...Object.fromEntries(change) });
      },
      DeleteEntry: ({ id }) => {
        this.entries.delete(this.#changeable(id).id);
        return {};
      },
      ImportEntries: ({ spire_json }) => this.#import(spire_json),
      GetAuthorities: () => ({ authorities: this.authorities }),
      RotateAuthority: ({ profile }) => this.#rotate(profile),
      TaintAuthority: ({ id }) => this.#turn(id, 'tainted'),
      RevokeAuthority: ({ id }) => this.#turn(id, 'revoked'),
      ListBundles: () => ({ bundles: [...this.bundles.values()].map(summary) }),
      GetBundle: ({ trust_domain }) => this.#bundle(trust_domain || 'example.org'),
      SetBundle: (bundle) => {
        this.bundles.set(bundle.trust_domain, bundle);
        return {};
      },
      DeleteBundle: ({ trust_domain }) => {
        this.bundles.delete(this.#bundle(trust_domain).trust_domain);
        return {};
      },
      ...this.definitions.answers,
    };
  }

  readonly #explain = ({ pid }: { readonly pid: number }): Explanation => {
    this.explained.push(pid);
    if (this.explanation !== undefined) return this.explanation;
    throw new SpoorError('PROCESS_NOT_FOUND', `there is no process ${pid}`);
  };

  #launchAnswers(): { readonly [Name in keyof LaunchesService]: LaunchesService[Name] } {
    return {
      List: () => ({ launches: this.launches, total: this.launches.length }),
      Stop: (request) => {
        this.stopped.push(request);
        const found = this.launches.filter(({ name, instance }) => [name, instance].includes(request.which));
        if (found.length === 0) {
          throw new SpoorError('INSTANCE_NOT_FOUND', `no launched instance is ${request.which}`);
        }
        return { instances: found.map(({ instance }) => instance) };
      },
    };
  }

  #handlers(answers: object): UntypedServiceImplementation {
    const entries = Object.entries(answers) as [string, (request: unknown) => unknown][];
    return Object.fromEntries(
      entries.map(([name, answer]) => [
        name,
        (
          call: { readonly request: unknown },
          reply: (error: object | null, response?: unknown) => void,
        ): void => {
          this.#calls += 1;
          if (this.refusal !== undefined) return reply(this.#workloadRefusal(this.refusal));
          try {
            if (this.failure !== undefined) throw this.failure;
            reply(null, answer(call.request));
          } catch (error) {
            reply(this.#refusal(error as SpoorError));
          }
        },
      ]),
    );
  }

  #refusal({ code, message, remedy }: SpoorError): object {
    const metadata = new Metadata();
    metadata.set(TRAILERS.call, String(this.#calls));
    metadata.set(TRAILERS.code, code);
    metadata.set(TRAILERS.remedy, remedy);
    return { code: status.INVALID_ARGUMENT, details: `${message} (call ${this.#calls})`, metadata };
  }

  #workloadRefusal({ code, details }: { readonly code: status; readonly details: string }): object {
    const metadata = new Metadata();
    metadata.set(TRAILERS.call, String(this.#calls));
    return { code, details: `${details} (call ${this.#calls})`, metadata };
  }

  #entry(id: string): WireEntry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new SpoorError('ENTRY_NOT_FOUND', `no entry is called ${id}`);
    return entry;
  }

  #changeable(id: string): WireEntry {
    const entry = this.#entry(id);
    if (entry.source === 'store') return entry;
    throw new SpoorError('ENTRY_READ_ONLY', `${id} is kept in ${entry.file}`);
  }

  #add(draft: WireEntryDraft): WireEntry {
    const id = draft.id || `random-${this.entries.size}`;
    if (this.entries.has(id)) throw new SpoorError('ENTRY_EXISTS', `there is an entry ${id} already`);
    return this.#put({ ...draft, id, created_at: CREATED, source: 'store', file: '', line: 0, warnings: [] });
  }

  #put(entry: WireEntry): WireEntry {
    this.entries.set(entry.id, entry);
    return entry;
  }

  #import(text: string): ReturnType<AdminService['ImportEntries']> {
    const { entries } = JSON.parse(text) as { entries: { id: string; spiffe_id: { path: string } }[] };
    const fresh = entries.filter(({ id }) => !this.entries.has(id));
    for (const { id, spiffe_id } of fresh) {
      this.#add({ ...EMPTY, id, spiffe_id: `spiffe://example.org${spiffe_id.path}` });
    }
    const added = fresh.map(({ id }) => id);
    const unchanged = entries.map(({ id }) => id).filter((id) => !added.includes(id));
    return { added, unchanged, skipped: [{ id: 'node-1', reason: 'it is an alias of a node' }] };
  }

  #rotate(profile: string): { authorities: WireAuthorityState[] } {
    const turned = this.authorities.filter((one) => profile === '' || one.profile === profile);
    const fresh = turned.map((one) => authority(one.profile, `${one.id}-next`));
    const old = turned.map((one) => ({ ...one, state: 'old' }));
    this.authorities = [...this.authorities.filter((one) => !turned.includes(one)), ...fresh, ...old];
    return { authorities: this.authorities };
  }

  #turn(id: string, state: string): { authorities: WireAuthorityState[] } {
    if (!this.authorities.some((one) => one.id === id)) {
      throw new SpoorError('AUTHORITY_NOT_FOUND', `no authority is called ${id}`);
    }
    this.authorities = this.authorities.map((one) => (one.id === id ? { ...one, state } : one));
    return { authorities: this.authorities };
  }

  #bundle(trustDomain: string): BundleDocument {
    const bundle = this.bundles.get(trustDomain);
    if (bundle === undefined)
      throw new SpoorError('BUNDLE_NOT_FOUND', `there is no bundle of ${trustDomain}`);
    return bundle;
  }

  #recordOf(needle: string): string[] {
    return this.record.map((line) => JSON.stringify(line)).filter((line) => line.includes(`"${needle}"`));
  }

  #status(): Status {
    const problems = this.problems;
    return {
      ...STATUS,
      entries: this.entries.size,
      authorities: this.authorities,
      problems,
      calls: this.#calls,
    };
  }
}
