import { SpoorError } from '../core/errors.js';
import type { Attestation } from '../instances/instance.js';
import type { MeasuredProcess, Standing } from '../measurement/process.js';
import type { Answer } from './ask-attestors.js';

/** What the attestors' answers come to, whether they are enough or not. */
export function conclude(answers: readonly Answer[], at: Date): Attestation {
  const path = answers.find((answer) => answer.path !== undefined)?.path;
  const descent = answers.find((answer) => answer.descent !== undefined)?.descent;
  const selectors = [...new Set(answers.flatMap(({ outcome }) => outcome.selectors))].toSorted();
  const outcomes = answers.map(({ outcome }) => outcome);
  return {
    selectors,
    outcomes,
    at,
    ...(path !== undefined && { path }),
    ...(descent !== undefined && { descent }),
  };
}

/** `failed` when no attestor could say anything, or a decisive one could not; `partial` when one of them could not say all. */
export function outcomeOf(answers: readonly Answer[]): 'complete' | 'partial' | 'failed' {
  if (answers.every(({ failed }) => failed) || answers.some(isDecisive)) return 'failed';
  return answers.some(({ outcome }) => outcome.failure !== undefined) ? 'partial' : 'complete';
}

function isDecisive({ outcome }: Answer): boolean {
  return outcome.isDecisive === true;
}

/** What went wrong, in one line; empty when nothing did. */
export function failuresOf(answers: readonly Answer[]): string {
  const failing = answers.filter(({ outcome }) => outcome.failure !== undefined);
  return failing.map(({ outcome }) => `${outcome.attestor}: ${outcome.failure}`).join('; ');
}

/** Why the processes of other users are not attested in user mode, for them and for people who ask. */
export function foreignUid(uid: number, ownUid: number): string {
  return `the process belongs to uid ${uid}, and a daemon in user mode attests only processes of its own uid ${ownUid}`;
}

/** Nobody could say anything, or not the one whose word decides. Where all say the same, the caller hears it; what else failed is in the facts. */
export function allFailed(process: MeasuredProcess, answers: readonly Answer[]): SpoorError {
  const reasons = new Set(answers.flatMap(({ refused }) => refused ?? []));
  const decisive = answers.find(isDecisive)?.outcome.attestor;
  const who = decisive === undefined ? 'no attestor could' : `the attestor ${decisive} could not`;
  const [reason = `${who} look at the process`] = reasons;
  return new SpoorError('ATTESTATION_FAILED', `workload attestation failed: ${reason}`, {
    facts: { pid: process.pid, uid: process.uid, failures: failuresOf(answers) },
  });
}

/** The process is not any more what connected. */
export function peerUnknown({ pid, uid }: MeasuredProcess, standing: Standing): SpoorError {
  const what = standing === 'gone' ? 'is gone' : 'has become another program or user';
  return new SpoorError('PEER_UNKNOWN', `the process that connected ${what}`, { facts: { pid, uid } });
}
