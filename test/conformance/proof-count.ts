import type { Requirement } from './requirement.js';

/** One finished test, as far as proofs are concerned. */
export interface FinishedTest {
  readonly passed: boolean;
  readonly clauses: readonly string[];
}

export interface ProofCount {
  readonly proven: readonly string[];
  readonly missing: readonly string[];
}

/** Which of the numbers that must be proven a passed test carries. */
export function countProofs(toProve: readonly string[], tests: Iterable<FinishedTest>): ProofCount {
  const carried = new Set([...tests].filter(({ passed }) => passed).flatMap(({ clauses }) => clauses));
  return {
    proven: toProve.filter((id) => carried.has(id)),
    missing: toProve.filter((id) => !carried.has(id)),
  };
}

/** What is printed at the end of a run: the count, and a line for each number without proof. */
export function describeCount({ proven, missing }: ProofCount, requirements: readonly Requirement[]): string {
  const all = proven.length + missing.length;
  const lines = requirements
    .filter(({ id }) => missing.includes(id))
    .map(({ id, level, who, title }) => `  ${id} ${level} (${who}) ${title}`);
  return [
    `conformance: ${proven.length} of ${all} clauses of the SPIFFE standards are proven`,
    ...lines,
  ].join('\n');
}
