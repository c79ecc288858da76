import type { Descent } from '../instances/instance.js';
import type { MeasuredProcess } from '../measurement/process.js';

/** What one attestor found out about a process. */
export interface Finding {
  /** `attestor:name:value`, in any order. */
  readonly selectors: readonly string[];
  /** Path of the executable, where this attestor learns it. */
  readonly path?: string;
  /** Where this attestor finds that the process descends from a launched one. */
  readonly descent?: Descent;
  /** What it could not learn although it learned the rest; a sentence for people. */
  readonly failure?: string;
}

/**
 * One way to learn what is true of a process.
 *
 * `attest` answers without a promise where nothing has to be waited for. It throws or rejects when it has nothing
 * to say: PEER_UNKNOWN means that the process is not any more what was measured, and ends every attestation of it;
 * any other error is this attestor's own failure.
 */
export interface Attestor {
  /** Lower case; the first part of its selectors. */
  readonly name: string;
  /**
   * True: while this attestor fails, the attestation of a process fails. For one whose word can take something away:
   * without it, a process would get more than it may have.
   */
  readonly isDecisive?: boolean;
  attest(process: MeasuredProcess, signal: AbortSignal): Finding | Promise<Finding>;
}
