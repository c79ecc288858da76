import type { Match, RefusedMatch } from '../entries/entry.js';
import type { AttestorOutcome, Instance } from '../instances/instance.js';
import type { Step } from '../wire/explain.js';

/** What the rooms of a call found about one process. */
export interface Findings {
  readonly instance: Instance | undefined;
  readonly outcomes: readonly AttestorOutcome[];
  readonly matches: readonly Match[];
  readonly refused: readonly RefusedMatch[];
  /** How many entries there are. */
  readonly entries: number;
}

/** The rooms of a call in their order, up to the one that refuses. */
export function stepsOf(findings: Findings): readonly Step[] {
  const steps = [door(findings), desk(), attestation(findings), entries(findings), issuance(findings)];
  const refusing = steps.findIndex(({ outcome }) => outcome !== 'passed');
  return refusing === -1 ? steps : steps.slice(0, refusing + 1);
}

/** One sentence: what a call of the process would be answered. */
export function verdictOf({ outcomes, matches }: Findings): string {
  if (allFailed(outcomes)) return 'its calls are answered UNAVAILABLE: workload attestation failed';
  const [first] = matches;
  if (first === undefined) return 'its calls are answered PERMISSION_DENIED: no identity issued';
  const more = matches.length === 1 ? '' : `, and ${matches.length - 1} more`;
  return `it is ${first.spiffeId.toString()}${more}`;
}

function door({ instance }: Findings): Step {
  if (instance === undefined) return passed('door', 'it is not connected; measured as it runs now');
  const attested = instance.attestation.current.value !== undefined;
  return passed('door', attested ? 'it has connected and was attested' : 'it has connected');
}

function desk(): Step {
  return passed('desk', 'whoever sends the security header within the rate is let in');
}

function attestation({ outcomes }: Findings): Step {
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  const names = failed.map(({ attestor, failure }) => `${attestor}: ${failure}`).join('; ');
  if (allFailed(outcomes))
    return { room: 'attestation', outcome: 'failed', detail: `every attestor failed: ${names}` };
  const all = `${outcomes.length} attestor${outcomes.length === 1 ? '' : 's'} asked`;
  return passed('attestation', names === '' ? all : `${all}; in part failed: ${names}`);
}

function entries({ matches, refused, entries }: Findings): Step {
  if (matches.length > 0) return passed('entries', `${matches.length} of ${entries} entries hold`);
  const unusable = refused.length === 0 ? '' : `; ${refused.length} would hold but cannot be used`;
  return { room: 'entries', outcome: 'refused', detail: `none of ${entries} entries holds${unusable}` };
}

function issuance({ matches }: Findings): Step {
  return passed('issuance', `${matches.length === 1 ? 'one SVID' : `${matches.length} SVIDs`} of each kind`);
}

function passed(room: string, detail: string): Step {
  return { room, outcome: 'passed', detail };
}

/** An attestor that found something has not failed, even if it found less than it might. */
function allFailed(outcomes: readonly AttestorOutcome[]): boolean {
  return (
    outcomes.length > 0 &&
    outcomes.every(({ failure, selectors }) => failure !== undefined && selectors.length === 0)
  );
}
