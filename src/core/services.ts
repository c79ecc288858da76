import { SpoorError } from './errors.js';

/** Something that works until it is told to stop. Resolves on abort; rejects only when it cannot go on. */
export interface Service {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Runs every service until `signal` aborts or one of them fails.
 *
 * The first failure aborts the others. In every case all services have settled before this returns,
 * so nothing that it started outlives it.
 *
 * Errors: rethrows the first failure; returns normally on a clean stop.
 */
export async function runServices(services: readonly Service[], signal: AbortSignal): Promise<void> {
  const group = new AbortController();
  const together = AbortSignal.any([signal, group.signal]);
  let failure: { readonly error: unknown } | undefined;

  await Promise.all(
    services.map(async (service) => {
      try {
        await service.run(together);
        if (!together.aborted) throw new SpoorError('INVARIANT_BROKEN', `${service.name} stopped by itself`);
      } catch (error) {
        if (together.aborted) return;
        failure ??= { error };
        group.abort(error);
      }
    }),
  );

  if (failure !== undefined) throw failure.error;
}
