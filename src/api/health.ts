import { createRequire } from 'node:module';
import type { MethodDefinition, Server } from '@grpc/grpc-js';
import type * as HealthCheck from 'grpc-health-check';
import { SpoorError } from '../core/errors.js';
import type { Snapshot } from '../core/snapshot.js';
import type { Desk } from './desk.js';
import type { Rooms } from './rooms.js';
import { serverStream, type Source } from './server-stream.js';
import { addService, once } from './service.js';
import { unary } from './unary.js';

type Serving = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/** The daemon as a whole has the empty name; the Workload API is asked for by its own. */
const SERVICES = ['', 'SpiffeWorkloadAPI'];

/**
 * Registers grpc.health.v1.Health: serving while the daemon can issue.
 *
 * Errors: SERVICE_NOT_FOUND to Check; Watch says SERVICE_UNKNOWN and goes on, as its protocol demands.
 * Source: grpc/health/v1/health.proto. Unlike the SPIRE agent's it demands the security header, as everything here.
 */
export function addHealth(server: Server, { serving }: Pick<Rooms, 'serving'>, desk: Desk): void {
  const methods = once(loadHealth);
  const rpc = (name: 'Check' | 'List' | 'Watch') => ({
    name,
    responseStream: name === 'Watch',
    read: (bytes: Buffer) => methods()[name].requestDeserialize(bytes) as { readonly service: string },
    write: (response: unknown) => methods()[name].responseSerialize(response),
  });
  const now = (): { status: Serving } => ({ status: serving.current.value ? 'SERVING' : 'NOT_SERVING' });
  addService(server, 'grpc.health.v1.Health', [
    { ...rpc('Check'), handle: (method) => unary(desk, method, ({ service }) => check(service, now)) },
    { ...rpc('List'), handle: (method) => unary(desk, method, () => ({ statuses: all(now()) })) },
    {
      ...rpc('Watch'),
      handle: (method) => serverStream(desk, method, ({ service }) => new HealthSource(serving, service)),
    },
  ]);
}

type HealthMethods = Record<'Check' | 'List' | 'Watch', MethodDefinition<unknown, unknown>>;

function loadHealth(): HealthMethods {
  const load = createRequire(import.meta.url)('grpc-health-check') as typeof HealthCheck;
  return load.service as unknown as HealthMethods;
}

function check(service: string, now: () => { status: Serving }): { status: Serving } {
  if (SERVICES.includes(service)) return now();
  throw new SpoorError('SERVICE_NOT_FOUND', `no such service: ${service.slice(0, 80)}`);
}

function all(status: { status: Serving }): Record<string, { status: Serving }> {
  return Object.fromEntries(SERVICES.map((service) => [service, status]));
}

/** The health of one service, now and after each change. */
class HealthSource implements Source<{ status: Serving }> {
  readonly #serving: Rooms['serving'];
  readonly #known: boolean;
  #latest: Snapshot<boolean> | undefined;

  constructor(serving: Rooms['serving'], service: string) {
    this.#serving = serving;
    this.#known = SERVICES.includes(service);
  }

  next(): { status: Serving } | undefined {
    const before = this.#latest?.value;
    this.#latest = this.#serving.current;
    if (before === this.#latest.value) return undefined;
    if (!this.#known) return before === undefined ? { status: 'SERVICE_UNKNOWN' } : undefined;
    return { status: this.#latest.value ? 'SERVING' : 'NOT_SERVING' };
  }

  onDue(listener: () => void): () => void {
    return (this.#latest ?? this.#serving.current).onReplaced(listener);
  }

  [Symbol.dispose](): void {}
}
