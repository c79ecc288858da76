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
}

/** What is true of a process at one instant. */
export interface Attestation {
  /** Sorted, without duplicates; `attestor:name:value`. */
  readonly selectors: readonly string[];
  readonly outcomes: readonly AttestorOutcome[];
  /** Path of its executable, as it presents it; absent where it cannot be read. */
  readonly path?: string;
  readonly at: Date;
}

/** One attested process, from connect to exit or exec. It owns its keys: no other process ever shares them. */
export interface Instance {
  /** Random, 16 bytes as hex; never reused. */
  readonly id: string;
  readonly process: MeasuredProcess;
  readonly level: Level;
  /** The latest attestation; undefined until the first one, and set to undefined for good when the process is lost. */
  readonly attestation: SnapshotCell<Attestation | undefined>;
}

/**
 * One text for one list of selectors, and another text for every other list. A process chooses the path of its program,
 * which may hold any character but NUL.
 *
 * Source: path_resolution(7).
 */
export function nameOfSelectors(selectors: readonly string[]): string {
  return selectors.join('\0');
}
