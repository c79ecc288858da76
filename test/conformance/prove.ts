import { expect, TestRunner } from 'vitest';
import { type ClauseId, idsToProve } from './requirements.js';

declare module 'vitest' {
  interface TaskMeta {
    /** Numbers of the clauses that were proven in this test; they count when the test passes. */
    clauses?: string[];
  }
}

/**
 * Proves lines of the standards: runs the assertions, and notes the numbers in the current test when they hold.
 *
 * @example clause('ID-2a', () => { expect(() => SpiffeId.parse('http://td/a')).toThrow(); });
 *
 * Takes:  `prove` — must run at least one `expect` of its own; may be async, and is then to be awaited.
 * Errors: whatever `prove` throws; a number that is not one to prove; an empty proof.
 */
export function clause(ids: ClauseId | readonly ClauseId[], prove: () => Promise<void>): Promise<void>;
export function clause(ids: ClauseId | readonly ClauseId[], prove: () => void): void;
export function clause(
  ids: ClauseId | readonly ClauseId[],
  prove: () => void | Promise<void>,
): void | Promise<void> {
  const numbers = [ids].flat();
  const before = assertionCalls();
  const note = (): void => {
    if (assertionCalls() === before) throw new Error(`nothing was expected for ${numbers.join(', ')}`);
    for (const number of numbers) noteProven(number);
  };
  const done = prove();
  return done instanceof Promise ? done.then(note) : note();
}

function assertionCalls(): number {
  return expect.getState().assertionCalls;
}

function noteProven(number: string): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) throw new Error(`${number} is proven outside of a test`);
  if (!idsToProve().includes(number)) throw new Error(`${number} is not a number that is to be proven`);
  const clauses = (test.meta.clauses ??= []);
  if (!clauses.includes(number)) clauses.push(number);
}
