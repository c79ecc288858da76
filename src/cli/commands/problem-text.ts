import type { Problem } from '../../wire/admin.js';
import type { Paint } from '../paint.js';
import { indented } from '../table.js';

/** One problem in `--output json`. */
export const PROBLEM_JSON = `{"severity": "error"|"warning", "subject", "message", "remedy", "file", "line", "path", "found",
 "allowed"}; line is 0 and texts are empty where they do not apply.`;

/** Problems in full: what is wrong, where, and what to do. */
export function problemsText(problems: readonly Problem[], paint: Paint): string {
  return problems.map((problem) => problemText(problem, paint)).join('\n');
}

function problemText(problem: Problem, paint: Paint): string {
  const severity = problem.severity === 'error' ? paint.bad('error') : paint.warning('warning');
  const details = [
    whereText(problem),
    problem.found === '' ? '' : `found ${problem.found}`,
    problem.allowed === '' ? '' : `allowed: ${problem.allowed}`,
    problem.remedy === '' ? '' : `remedy: ${problem.remedy}`,
  ].filter((line) => line !== '');
  const head = `${severity} ${problem.subject}: ${problem.message}`;
  return details.length === 0 ? head : `${head}\n${indented(details.join('\n'))}`;
}

function whereText({ file, line, path }: Problem): string {
  if (file === '') return path === '' ? '' : `at ${path}`;
  return `at ${file}${line === 0 ? '' : `:${line}`}${path === '' ? '' : ` ${path}`}`;
}
