import type { WorkloadApiClient } from '../client/workload-api-client.js';
import { SpoorError } from '../core/errors.js';
import { Bundle, type BundleSet } from '../spiffe/bundle.js';
import { first } from './agent.js';

/** Every bundle with its keys of all profiles. Each profile is asked by itself: a server need not offer all of them. */
export async function allBundles(agent: WorkloadApiClient, signal: AbortSignal): Promise<readonly Bundle[]> {
  const answers = await Promise.all([
    first(agent.fetchX509Bundles(signal), signal),
    offered(first(agent.fetchJwtBundles(signal), signal)),
    offered(first(agent.fetchWitBundles(signal), signal)),
  ]);
  const parts = answers.flatMap((bundles) => [...(bundles ?? [])]);
  const byName = Map.groupBy(parts, ({ trustDomain }) => trustDomain.name);
  return [...byName.values()].map(merged);
}

async function offered(bundles: Promise<BundleSet>): Promise<BundleSet | undefined> {
  try {
    return await bundles;
  } catch (error) {
    if (error instanceof SpoorError && error.code === 'NOT_OFFERED') return undefined;
    throw error;
  }
}

function merged(parts: readonly Bundle[]): Bundle {
  const [first] = parts;
  if (first === undefined) throw new SpoorError('INVARIANT_BROKEN', 'a group of bundles is empty');
  return Bundle.of(first.trustDomain, {
    x509Authorities: parts.flatMap(({ x509Authorities }) => x509Authorities),
    jwtAuthorities: new Map(parts.flatMap(({ jwtAuthorities }) => [...jwtAuthorities])),
    witAuthorities: new Map(parts.flatMap(({ witAuthorities }) => [...witAuthorities])),
  });
}
