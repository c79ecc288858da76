import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { AttestorOutcome, Descent } from '../instances/instance.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { Attestor, Finding } from './attestor.js';

/** An attestor that has not answered by then has failed. Hashing the largest file that is hashed takes some 3 s. */
export const ATTESTOR_DEADLINE_MS = 10_000;

/** What one attestor answered, for those who decide what it is worth. */
export interface Answer {
  readonly outcome: AttestorOutcome;
  readonly path?: string;
  readonly descent?: Descent;
  /** True when the attestor learned nothing at all. */
  readonly failed: boolean;
  /** Set when the attestor was not asked; why, a sentence for the caller. */
  readonly refused?: string;
  /** Set when the attestor noticed that the process is not any more what was measured. */
  readonly peerUnknown?: SpoorError;
}

/**
 * Asks all attestors side by side.
 *
 * Returns: one answer for each, in their order; without a promise when none of them had to wait.
 * Errors:  none; what an attestor throws, and its silence, become its outcome.
 */
export function askAttestors(
  attestors: readonly Attestor[],
  process: MeasuredProcess,
  clock: Clock,
): readonly Answer[] | Promise<readonly Answer[]> {
  const stop = new AbortController();
  const answers = attestors.map((attestor) => ask(attestor, process, stop.signal));
  const known = answers.filter((answer): answer is Answer => !(answer instanceof Promise));
  return known.length === answers.length ? known : untilDeadline(attestors, answers, clock, stop);
}

/** The answers of attestors that were not even asked, all for the same reason. */
export function refusedAnswers(attestors: readonly Attestor[], why: string): readonly Answer[] {
  return attestors.map((attestor) => ({ ...failedAnswer(attestor, why), refused: why }));
}

async function untilDeadline(
  attestors: readonly Attestor[],
  answers: readonly (Answer | Promise<Answer>)[],
  clock: Clock,
  stop: AbortController,
): Promise<readonly Answer[]> {
  const deadline = clock.sleep(ATTESTOR_DEADLINE_MS, stop.signal);
  const late = (attestor: Attestor): Answer =>
    failedAnswer(attestor, `no answer within ${ATTESTOR_DEADLINE_MS / 1_000} s`);
  const settled = await Promise.all(
    attestors.map((attestor, index) =>
      Promise.race([answers[index] ?? late(attestor), deadline.then(() => late(attestor))]),
    ),
  );
  // Ends the wait for the deadline, and tells attestors that are late to stop.
  stop.abort();
  return settled;
}

function ask(attestor: Attestor, process: MeasuredProcess, signal: AbortSignal): Answer | Promise<Answer> {
  try {
    const finding = attestor.attest(process, signal);
    if (!(finding instanceof Promise)) return answered(attestor.name, finding);
    return finding.then(
      (finding) => answered(attestor.name, finding),
      (error: unknown) => threw(attestor, error),
    );
  } catch (error) {
    return threw(attestor, error);
  }
}

function answered(attestor: string, { selectors, path, failure, descent }: Finding): Answer {
  return {
    outcome: { attestor, selectors, ...(failure !== undefined && { failure }) },
    failed: false,
    ...(path !== undefined && { path }),
    ...(descent !== undefined && { descent }),
  };
}

function threw(attestor: Attestor, error: unknown): Answer {
  const answer = failedAnswer(attestor, error instanceof Error ? error.message : String(error));
  const isPeerUnknown = error instanceof SpoorError && error.code === 'PEER_UNKNOWN';
  return isPeerUnknown ? { ...answer, peerUnknown: error } : answer;
}

function failedAnswer({ name, isDecisive = false }: Attestor, failure: string): Answer {
  const outcome = { attestor: name, selectors: [], failure };
  return { outcome: isDecisive ? { ...outcome, isDecisive } : outcome, failed: true };
}
