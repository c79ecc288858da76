import type { SnapshotCell } from '../core/snapshot.js';
import type { MeasuredProcess } from '../measurement/process.js';

/** How an instance was measured. `launched` means that the daemon started it from files that it measured. */
export type Level = 'launched' | 'connected' | 'asserted';

/** What one attestor found, or why it could not. */
export interface AttestorOutcome {
  readonly attestor: string;
  readonly selectors: readonly string[];
  /** Set when the attestor failed; a sentence for people. */
  readonly failure?: string;
  /** Set when it learned nothing at all, and nothing can be concluded without it. */
  readonly isDecisive?: true;
}

/**
 * How it came out that a process is the descendant of a launched one. `execution`: it is the launched process itself,
 * which has executed another program; `lost`: whose descendant it is, cannot be told.
 */
export type FoundBy = 'cgroup' | 'ancestry' | 'adoption' | 'execution' | 'lost';

/** That a process descends from a launched one, and is not that one itself. Source: decision 5. */
export interface Descent {
  /** Id of the launched instance; absent when it is known only that there is one. */
  readonly instance?: string;
  /** Of the launched process. */
  readonly pid?: number;
  /** Name of the definition that it was launched by. */
  readonly name?: string;
  readonly by: FoundBy;
  /** What holds for the launched instance; empty when it is not known. */
  readonly parentSelectors: readonly string[];
}

/** What is true of a process at one instant. */
export interface Attestation {
  /** Sorted, without duplicates; `attestor:name:value`. */
  readonly selectors: readonly string[];
  readonly outcomes: readonly AttestorOutcome[];
  /** Path of its executable, as it presents it; absent where it cannot be read. */
  readonly path?: string;
  readonly at: Date;
  /** Set for the descendant of a launched process: then no entry holds for it (see `entitlementOf`). */
  readonly descent?: Descent;
}

/** One attested process, from connect to exit or exec. It owns its keys: no other process ever shares them. */
export interface Instance {
  /** Random, 16 bytes as hex; never reused. */
  readonly id: string;
  readonly process: MeasuredProcess;
  readonly level: Level;
  /** Id of the instance that had this one launched. */
  readonly parent?: string | undefined;
  /** The latest attestation; undefined until the first one, and set to undefined for good when the process is lost. */
  readonly attestation: SnapshotCell<Attestation | undefined>;
}

/** Id of the instance that a process is recorded under: the one it descends from, or the one that had it launched. */
export function parentOf({ parent, attestation }: Instance): string | undefined {
  return attestation.current.value?.descent?.instance ?? parent;
}

/**
 * One text for all that matching rests on, and another text for everything else. A process chooses the path of its
 * program, which may hold any character but NUL.
 *
 * Source: path_resolution(7).
 */
export function nameOfAttestation({ selectors, path = '', descent }: Attested): string {
  const own = selectors.join('\0');
  if (descent === undefined) return own;
  const { instance = '', by, parentSelectors } = descent;
  // Neither a selector nor a path is empty at its end or holds a NUL: two of them stand only where a part ends.
  return [own, path, instance, by, parentSelectors.join('\0')].join('\0\0');
}

/** What an attestation says of the process itself. */
export type Attested = Pick<Attestation, 'selectors' | 'path' | 'descent'>;
