import type { Reporter, TestModule, TestSpecification, Vitest } from 'vitest/node';
import { countProofs, describeCount, type FinishedTest } from './proof-count.js';
import { idsToProve, REQUIREMENTS } from './requirements.js';

/** The project whose tests prove every clause by themselves, without root and without a daemon process. */
const PROVING_PROJECT = 'unit';

/**
 * Counts the clauses that passed tests carry, and fails a run of the whole suite in which one is missing.
 *
 * A run of some files, of some names or of other projects only is left alone: it cannot prove everything.
 */
export default class ConformanceReporter implements Reporter {
  #vitest: Vitest | undefined;
  #whole = false;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    const vitest = this.#vitest;
    const all = (await vitest?.globTestSpecifications()) ?? [];
    const [wanted, running] = [all, specifications].map(filesOfProvingProject);
    const nameFilter = vitest?.config.testNamePattern;
    this.#whole =
      nameFilter === undefined && wanted !== undefined && wanted.size > 0 && wanted.size === running?.size;
  }

  onTestRunEnd(modules: readonly TestModule[], _errors: readonly unknown[], reason: string): void {
    if (!this.#whole || reason === 'interrupted') return;
    const count = countProofs(idsToProve(), finishedTests(modules));
    this.#vitest?.logger.log(`\n${describeCount(count, REQUIREMENTS)}`);
    if (count.missing.length > 0) process.exitCode = 1;
  }
}

function filesOfProvingProject(specifications: readonly TestSpecification[]): ReadonlySet<string> {
  const own = specifications.filter(({ project }) => project.name === PROVING_PROJECT);
  return new Set(own.map(({ moduleId }) => moduleId));
}

function* finishedTests(modules: readonly TestModule[]): Generator<FinishedTest> {
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      yield { passed: test.result().state === 'passed', clauses: test.meta().clauses ?? [] };
    }
  }
}
