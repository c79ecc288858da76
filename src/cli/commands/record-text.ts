import { counted } from '../counted.js';
import type { Paint } from '../paint.js';
import { relative } from '../since.js';
import { headedTable, indented } from '../table.js';

/** One line of the record, as far as it is shown to people. The record may know more. */
export interface RecordLine {
  readonly at: string;
  readonly event: string;
  readonly pid?: number;
  readonly uid?: number;
  readonly path?: string;
  readonly instance?: string;
  readonly parent?: string;
  readonly level?: string;
  readonly selectors?: readonly string[];
  readonly entry?: string;
  readonly spiffe_id?: string;
  readonly expires?: string;
  readonly code?: string;
  readonly document?: {
    readonly kind: string;
    readonly serial?: string;
    readonly fingerprint?: string;
    readonly jti?: string;
  };
}

/** Who it was, in two lines, and below them everything that the record gave. */
export function recordText(
  lines: readonly RecordLine[],
  needle: string,
  cut: boolean,
  now: Date,
  paint: Paint,
): string {
  const subject = lines.find((line) => line.event === 'issued' && isAbout(line, needle)) ?? lines.at(-1);
  const rows = lines.map((line) => [
    relative(new Date(line.at), now),
    line.event,
    String(line.pid ?? '-'),
    whatText(line),
  ]);
  const more = cut ? `\n${paint.warning('there are more lines than these')}` : '';
  const head = subject === undefined ? '' : `${subjectText(subject, now, paint)}\n\n`;
  return `${head}${headedTable(['when', 'event', 'pid', 'what'], rows, 'nothing')}${more}`;
}

function isAbout({ document }: RecordLine, needle: string): boolean {
  return document !== undefined && [document.serial, document.fingerprint, document.jti].includes(needle);
}

function subjectText(line: RecordLine, now: Date, paint: Paint): string {
  const program = line.path === undefined ? '' : ` ${paint.strong(line.path)}`;
  const details = [
    `pid ${line.pid ?? '-'}, uid ${line.uid ?? '-'}, instance ${line.instance ?? '-'}`,
    line.parent === undefined ? '' : `child of instance ${line.parent}`,
    line.spiffe_id === undefined ? '' : `${line.spiffe_id} by entry ${line.entry ?? '-'}`,
    line.expires === undefined ? '' : expiry(new Date(line.expires), now),
  ].filter((text) => text !== '');
  return `${line.event} ${relative(new Date(line.at), now)} to${program}\n${indented(details.join('\n'))}`;
}

function expiry(end: Date, now: Date): string {
  return `${end < now ? 'expired' : 'expires'} ${relative(end, now)}`;
}

function whatText({ document, spiffe_id, code, level, selectors }: RecordLine): string {
  if (document !== undefined) {
    return `${document.kind} ${document.serial ?? document.jti ?? ''} ${spiffe_id ?? ''}`.trimEnd();
  }
  if (code !== undefined) return code;
  if (level !== undefined) return `${level}, ${counted(selectors?.length ?? 0, 'selector')}`;
  return '';
}
