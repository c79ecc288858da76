import type { Match, RefusedMatch } from '../entries/entry.js';
import type { AttestorOutcome, Descent, Instance } from '../instances/instance.js';
import type { Step } from '../wire/explain.js';
import { descentText, nothingForDescendant } from './descent-text.js';

/** What the rooms of a call found about one process. */
export interface Findings {
  readonly instance: Instance | undefined;
  readonly outcomes: readonly AttestorOutcome[];
  readonly descent: Descent | undefined;
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
export function verdictOf({ outcomes, matches, descent, refused }: Findings): string {
  if (hasFailed(outcomes)) return 'its calls are answered UNAVAILABLE: workload attestation failed';
  const [first] = matches;
  if (first === undefined) {
    const why = descent === undefined ? '' : `; ${nothingForDescendant(descent, refused.length)}`;
    return `its calls are answered PERMISSION_DENIED: no identity issued${why}`;
  }
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
  if (hasFailed(outcomes)) {
    const which = outcomes.some(({ isDecisive }) => isDecisive) ? 'a decisive' : 'every';
    return { room: 'attestation', outcome: 'failed', detail: `${which} attestor failed: ${names}` };
  }
  const all = `${outcomes.length} attestor${outcomes.length === 1 ? '' : 's'} asked`;
  return passed('attestation', names === '' ? all : `${all}; in part failed: ${names}`);
}

function entries({ matches, refused, entries, descent }: Findings): Step {
  if (matches.length > 0) {
    const whose = descent === undefined ? '' : `; it is the ${descentText(descent)}`;
    return passed('entries', `${matches.length} of ${entries} entries hold${whose}`);
  }
  if (descent !== undefined) {
    return { room: 'entries', outcome: 'refused', detail: nothingForDescendant(descent, refused.length) };
  }
  const unusable = refused.length === 0 ? '' : `; ${refused.length} would hold but cannot be used`;
  return { room: 'entries', outcome: 'refused', detail: `none of ${entries} entries holds${unusable}` };
}

function issuance({ matches }: Findings): Step {
  return passed('issuance', `${matches.length === 1 ? 'one SVID' : `${matches.length} SVIDs`} of each kind`);
}

function passed(room: string, detail: string): Step {
  return { room, outcome: 'passed', detail };
}

/**
 * Whether the attestors know too little for anything to be concluded. One that found something has not failed, even if it
 * found less than it might.
 */
export function hasFailed(outcomes: readonly AttestorOutcome[]): boolean {
  if (outcomes.some(({ isDecisive }) => isDecisive)) return true;
  return (
    outcomes.length > 0 &&
    outcomes.every(({ failure, selectors }) => failure !== undefined && selectors.length === 0)
  );
}
