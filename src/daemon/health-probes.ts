import type { Authorities } from '../authority/authorities.js';
import type { Clock } from '../core/clock.js';
import type { EntryCatalog } from '../entries/entry-catalog.js';
import type { BundleStore } from '../issuance/bundle-store.js';
import type { Views } from '../issuance/workload-view.js';
import type { DefinitionCatalog } from '../launch/definitions/definition-catalog.js';
import type { RecordFile } from '../ledger/record-file.js';
import type { FileProblem } from '../state/file-problems.js';
import type { Instances } from './storeys/instances.js';
import type { Kept } from './storeys/kept.js';
import type { HealthCheck, HealthProbe } from './health.js';

/** Everything that must hold for the daemon to serve. */
export function healthProbes(
  kept: Kept,
  { views }: Pick<Instances, 'views'>,
  clock: Clock,
): readonly HealthProbe[] {
  const { authorities, entries, bundles, definitions, recorder } = kept;
  return [
    authorityProbe(authorities, clock),
    issuanceProbe(views),
    entriesProbe(entries),
    bundlesProbe(bundles),
    definitionsProbe(definitions),
    stateProbe(recorder),
  ];
}

/** While issuing fails, the last good documents are served until they expire. */
export function issuanceProbe(views: Pick<Views, 'statistics'>): HealthProbe {
  return () => {
    const { failing } = views.statistics();
    return okUnless(
      'issuance',
      failing ? ['documents cannot be renewed; the last good ones are served'] : [],
    );
  };
}

/** Nothing can be signed with an authority that has expired; one whose files are not in order still signs. */
export function authorityProbe(
  authorities: Pick<Authorities, 'set' | 'problems'>,
  clock: Clock,
): HealthProbe {
  return () => {
    const { x509, jwt, wit } = authorities.set.current.value;
    const expired = [x509, jwt, wit].some(({ notAfter }) => notAfter <= clock.now());
    if (expired) return failed('authority', 'an authority has expired');
    return okUnless('authority', authorities.problems);
  };
}

/** A bad edit keeps the last good entries in force: served, but not as the operator wants it. */
export function entriesProbe(catalog: Pick<EntryCatalog, 'problems'>): HealthProbe {
  return () => okUnless('entries', filesAtFault(catalog.problems));
}

/** The same for launch definitions. */
export function definitionsProbe(catalog: Pick<DefinitionCatalog, 'problems'>): HealthProbe {
  return () => okUnless('launch definitions', filesAtFault(catalog.problems));
}

export function bundlesProbe(bundles: Pick<BundleStore, 'problems'>): HealthProbe {
  return () =>
    okUnless(
      'bundles',
      bundles.problems.map(({ file, message }) => `${file}: ${message}`),
    );
}

/** Nothing new is issued while its record cannot be written. */
export function stateProbe(record: Pick<RecordFile, 'trouble'>): HealthProbe {
  return () => (record.trouble === undefined ? ok('state') : failed('state', record.trouble));
}

function filesAtFault(problems: readonly FileProblem[]): readonly string[] {
  return [...Map.groupBy(problems, ({ file }) => file)].map(
    ([file, { length }]) => `${file} is not valid: ${length} ${length === 1 ? 'fault' : 'faults'}`,
  );
}

function okUnless(name: string, problems: readonly string[]): HealthCheck {
  return problems.length === 0 ? ok(name) : { name, status: 'degraded', detail: problems.join('; ') };
}

function ok(name: string): HealthCheck {
  return { name, status: 'ok', detail: '' };
}

function failed(name: string, detail: string): HealthCheck {
  return { name, status: 'failed', detail };
}
