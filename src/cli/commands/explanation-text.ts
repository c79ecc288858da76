import type { ExplainedProcess, Explanation, Step, WireAttestorOutcome } from '../../wire/explain.js';
import { counted } from '../counted.js';
import type { Paint } from '../paint.js';
import { indented, table } from '../table.js';
import { launchRows } from './launch-text.js';

/** An explanation for people: the verdict first, then what it rests on. */
export function explanationText(explanation: Explanation, paint: Paint): string {
  const { process, steps, outcomes, matches, refused, nearest, launch } = explanation;
  const sections = [
    headText(process, explanation, paint),
    section('launch', launch === null ? [] : launchRows(launch, paint), paint),
    section(
      'rooms',
      steps.map((step) => stepRow(step, paint)),
      paint,
    ),
    section(
      'attestors',
      outcomes.map((outcome) => outcomeRow(outcome, paint)),
      paint,
    ),
    section(selectorTitle(explanation), selectorRows(explanation, paint), paint),
    section(
      'matches',
      matches.map(({ id, spiffe_id, hint }) => [spiffe_id, `by entry ${id}`, hintText(hint)]),
      paint,
    ),
    section(
      'unusable',
      refused.map(({ id, reason }) => [id, reason]),
      paint,
    ),
    section(
      'nearest',
      nearest.map(({ id, spiffe_id, missing }) => [id, spiffe_id, lacks(missing, paint)]),
      paint,
    ),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function headText(process: ExplainedProcess | null, { verdict, matches }: Explanation, paint: Paint): string {
  const shownVerdict = matches.length > 0 ? paint.good(verdict) : paint.bad(verdict);
  if (process === null) return shownVerdict;
  const { pid, uid, gid, path, level, instance, foreign_user_namespace: foreign } = process;
  const facts = [
    `uid ${uid}, gid ${gid}`,
    ...(path === '' ? [] : [path]),
    ...(level === '' || instance === '' ? [] : [level]),
    ...(instance === '' ? ['has not connected yet'] : [`instance ${instance}`]),
    ...(foreign ? [paint.warning('of another user namespace, or one that cannot be read')] : []),
  ];
  return `${paint.strong(`pid ${pid}`)}: ${facts.join(', ')}\n${shownVerdict}`;
}

function section(title: string, rows: readonly (readonly string[])[], paint: Paint): string {
  return rows.length === 0 ? '' : `${paint.strong(title)}\n${indented(table(rows))}`;
}

function stepRow({ room, outcome, detail }: Step, paint: Paint): readonly string[] {
  return [room, outcome === 'passed' ? paint.good(outcome) : paint.bad(outcome), detail];
}

function outcomeRow({ attestor, selectors, failure }: WireAttestorOutcome, paint: Paint): readonly string[] {
  if (failure !== '') return [attestor, paint.bad('failed'), failure];
  return [attestor, paint.good('passed'), counted(selectors.length, 'selector')];
}

function selectorTitle({ presented }: Explanation): string {
  return presented.length === 0
    ? 'selectors'
    : 'selectors (presented: the process says so of itself; no evidence)';
}

function selectorRows({ selectors, presented }: Explanation, paint: Paint): readonly (readonly string[])[] {
  const claims = new Set(presented);
  return selectors.map((selector) => [selector, claims.has(selector) ? paint.warning('presented') : '']);
}

function hintText(hint: string): string {
  return hint === '' ? '' : `hint ${hint}`;
}

function lacks(missing: readonly string[], paint: Paint): string {
  return `lacks ${missing.map((selector) => paint.warning(selector)).join(' ')}`;
}
