import type { Clock } from '../core/clock.js';
import type { SpoorError } from '../core/errors.js';
import { EventTurn } from '../core/event-turn.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Recorder } from '../core/record.js';
import { type Attestation, type Instance, nameOfAttestation, parentOf } from '../instances/instance.js';
import type { MeasuredProcess } from '../measurement/process.js';
import { askAttestors, refusedAnswers, type Answer } from './ask-attestors.js';
import type { Attestor } from './attestor.js';
import { allFailed, conclude, failuresOf, foreignUid, outcomeOf, peerUnknown } from './conclusion.js';
import { unlessAborted } from './unless-aborted.js';

/** How long a result stands. What a process is, is looked at on every call all the same. */
export const ATTESTATION_FRESH_MS = 1_000;

/** On whose behalf something is attested: goes into the log and the record. */
export interface CallFacts {
  /** Number of the call; 0 when nobody called. */
  readonly call: number;
}

export interface AttestorsDeps {
  readonly attestors: readonly Attestor[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly recorder: Recorder;
  /** User mode: only processes of this uid are attested, since the daemon may not look into others (decision 13). */
  readonly onlyUid?: number;
}

interface Progress {
  attestedAtMs: number;
  /** What went wrong the last time, so that it is logged when it changes and not at every attempt. */
  failures: string;
  /** The turn of the event loop in which its standing was last looked at for a call. */
  lookedInTurn?: number;
  lost?: SpoorError;
  flight?: Promise<Attestation>;
}

/** The attestation room: finds out what is true of a process now. */
export class Attestors {
  readonly #deps: AttestorsDeps;
  readonly #turn = new EventTurn();
  readonly #progress = new WeakMap<Instance, Progress>();

  constructor(deps: AttestorsDeps) {
    this.#deps = deps;
  }

  /**
   * Attests an instance, unless that was done within the last second; its standing is looked at in any case.
   *
   * The instance's own attestation is replaced only when its selectors or its descent differ, and taken away for good when the
   * process is lost. Calls at the same time share one attestation.
   *
   * Returns: the attestation itself when nothing has to be waited for, else a promise.
   * Errors:  thrown or rejected. PEER_UNKNOWN: the process is gone, or is another program or user by now;
   *          ATTESTATION_FAILED: no attestor could say anything, or a decisive one could not (what was known stays in force);
   *          DEADLINE_EXCEEDED: `signal` aborted first.
   */
  attest(instance: Instance, call: CallFacts, signal: AbortSignal): Attestation | Promise<Attestation> {
    const progress = this.#progressOf(instance);
    const { value } = instance.attestation.current;
    const age = this.#deps.clock.monotonicMs() - progress.attestedAtMs;
    const fresh = age < ATTESTATION_FRESH_MS ? value : undefined;
    if (fresh === undefined && progress.flight === undefined && progress.lost === undefined) {
      return this.#attestAnew(instance, progress, call, signal);
    }
    this.#demandStandingThisTurn(instance, progress);
    return fresh ?? unlessAborted(progress.flight as Promise<Attestation>, signal);
  }

  /**
   * Asks every attestor about a process, for people to read: nothing is kept, recorded or decided.
   *
   * Returns: also the outcomes of attestors that all failed.
   */
  async explain(process: MeasuredProcess): Promise<Attestation> {
    return conclude(await this.#ask(process), this.#deps.clock.now());
  }

  #progressOf(instance: Instance): Progress {
    const known = this.#progress.get(instance);
    if (known !== undefined) return known;
    const progress = { attestedAtMs: -Infinity, failures: '' };
    this.#progress.set(instance, progress);
    return progress;
  }

  #attestAnew(
    instance: Instance,
    progress: Progress,
    call: CallFacts,
    signal: AbortSignal,
  ): Attestation | Promise<Attestation> {
    const startedMs = this.#deps.clock.monotonicMs();
    const settle = (answers: readonly Answer[]): Attestation =>
      this.#settle({ instance, progress, call, startedMs, answers });
    const answers = this.#ask(instance.process);
    if (!(answers instanceof Promise)) return settle(answers);

    progress.flight = answers.then(settle).finally(() => {
      delete progress.flight;
    });
    return unlessAborted(progress.flight, signal);
  }

  #ask(process: MeasuredProcess): readonly Answer[] | Promise<readonly Answer[]> {
    const { attestors, clock, onlyUid } = this.#deps;
    if (onlyUid === undefined || process.uid === onlyUid) return askAttestors(attestors, process, clock);
    return refusedAnswers(attestors, foreignUid(process.uid, onlyUid));
  }

  #settle({ instance, progress, call, startedMs, answers }: Settling): Attestation {
    const { clock, metrics } = this.#deps;
    // Only now: all of it was read of this process if it is still there and still what it was.
    this.#demandStanding(instance, progress, answers.find(({ peerUnknown }) => peerUnknown)?.peerUnknown);
    this.#logFailures(instance, progress, call, answers);
    const outcome = outcomeOf(answers);
    metrics.attested(outcome, (clock.monotonicMs() - startedMs) / 1_000);
    if (outcome === 'failed') throw allFailed(instance.process, answers);

    progress.attestedAtMs = clock.monotonicMs();
    return this.#keep(instance, conclude(answers, clock.now()), call);
  }

  #keep(instance: Instance, attestation: Attestation, { call }: CallFacts): Attestation {
    const { value } = instance.attestation.current;
    if (value !== undefined && nameOfAttestation(value) === nameOfAttestation(attestation)) return value;
    instance.attestation.set(attestation);
    void this.#record(instance, attestation, call);
    return attestation;
  }

  /** Never rejects: what is issued on the strength of this has its own record, and waits for that one. */
  async #record(instance: Instance, attestation: Attestation, call: number): Promise<void> {
    const { id, level, process } = instance;
    const { pid, uid, gid } = process;
    const { selectors, path } = attestation;
    const parent = parentOf(instance);
    try {
      await this.#deps.recorder.append({
        event: 'attested',
        call,
        instance: id,
        pid,
        uid,
        gid,
        ...(path !== undefined && { path }),
        level,
        selectors,
        ...(parent !== undefined && { parent }),
      });
    } catch (error) {
      this.#deps.log.warn('an attestation could not be recorded', { call, instance: id, error });
    }
  }

  /** One look serves the calls of one turn of the event loop: what it lets through is as it was in the turn of the call. */
  #demandStandingThisTurn(instance: Instance, progress: Progress): void {
    if (progress.lookedInTurn === this.#turn.number && progress.lost === undefined) return;
    this.#demandStanding(instance, progress);
    progress.lookedInTurn = this.#turn.number;
  }

  #demandStanding(instance: Instance, progress: Progress, noticed?: SpoorError): void {
    const standing = progress.lost === undefined ? instance.process.standing() : 'gone';
    if (standing === 'same' && noticed === undefined) return;
    progress.lost ??= noticed ?? peerUnknown(instance.process, standing);
    if (instance.attestation.current.value !== undefined) instance.attestation.set(undefined);
    throw progress.lost;
  }

  #logFailures(
    instance: Instance,
    progress: Progress,
    { call }: CallFacts,
    answers: readonly Answer[],
  ): void {
    const failures = failuresOf(answers);
    if (failures !== '' && failures !== progress.failures) {
      const { pid, uid } = instance.process;
      this.#deps.log.warn('an attestor failed', { call, instance: instance.id, pid, uid, failures });
    }
    progress.failures = failures;
  }
}

interface Settling {
  readonly instance: Instance;
  readonly progress: Progress;
  readonly call: CallFacts;
  readonly startedMs: number;
  readonly answers: readonly Answer[];
}
