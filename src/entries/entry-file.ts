import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import { parsePositionedYaml, type PositionedYaml, type YamlPath } from '../encoding/positioned-yaml.js';
import { entryOf } from './entry-draft.js';
import { readEntryLines } from './entry-lines.js';
import type { EntrySchemas } from './entry-schema.js';
import type { Entry } from './entry.js';

/** One fault of an entry file. */
export interface EntryProblem {
  /** The full path. */
  readonly file: string;
  readonly line: number;
  /** Where in the document, e.g. `entries[3].selectors[0]`; empty for the document itself. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

export interface EntryFile {
  readonly entries: readonly Entry[];
  readonly problems: readonly EntryProblem[];
}

/** A full YAML parser takes a second for so much, and nobody is served meanwhile; the plain form has no such bound. */
const MAX_FULL_YAML_BYTES = 2 * 1024 * 1024;
/** Of all files together: ten times what Spoor promises to serve quickly would still fit into memory. */
const MAX_ENTRIES = 1_000_000;
/** After so many entries others are let work: about 5 ms. */
const ENTRIES_PER_SLICE = 500;
/** A file has no time of making that survives a copy: its entries count as older than all that were set by command. */
const CREATED_AT = new Date(0);

/**
 * Reads one entry file: every entry that is right, and every problem.
 *
 * Source: the fields are listed in ITEM_FIELDS; decision 9 for what becomes of a file with problems.
 */
export async function readEntryFile(
  file: string,
  contents: Buffer,
  schemas: EntrySchemas,
): Promise<EntryFile> {
  const problem = (line: number, path: YamlPath, found: string, allowed: string): EntryProblem => ({
    file,
    line,
    path: pathText(path),
    found,
    allowed,
  });
  const document = await readDocument(contents);
  if (typeof document === 'number') {
    const allowed = `a list of entries in plain form, since the file is over ${MAX_FULL_YAML_BYTES} bytes`;
    return { entries: [], problems: [problem(document, [], 'another form of YAML', allowed)] };
  }
  if (document.faults.length > 0) {
    return {
      entries: [],
      problems: document.faults.map(({ line, message }) => problem(line, [], message, 'YAML')),
    };
  }
  return readItems(document, file, schemas, problem);
}

type Problem = (line: number, path: YamlPath, found: string, allowed: string) => EntryProblem;

async function readItems(
  document: PositionedYaml,
  file: string,
  schemas: EntrySchemas,
  problem: Problem,
): Promise<EntryFile> {
  const entries: Entry[] = [];
  const problems = headProblems(document, problem);
  for (const [index, item] of itemsOf(document.value).entries()) {
    if (index % ENTRIES_PER_SLICE === ENTRIES_PER_SLICE - 1) await nextTurn();
    const path = ['entries', index];
    const outcome = schemas.item.safeParse(item);
    if (outcome.success) {
      entries.push(entryOf(outcome.data, { kind: 'file', file, line: document.lineOf(path) }, CREATED_AT));
    } else {
      problems.push(...outcome.error.issues.flatMap((issue) => problemsOf(issue, path, document, problem)));
    }
  }
  return { entries, problems };
}

async function readDocument(contents: Buffer): Promise<PositionedYaml | number> {
  const text = decode(contents);
  if (text === undefined)
    return { value: undefined, faults: [{ line: 1, message: 'bytes that are no UTF-8' }], ...NOWHERE };
  const lines = readEntryLines(text);
  let step = lines.next();
  for (; step.done !== true; step = lines.next()) await nextTurn();
  if (typeof step.value !== 'number' || contents.length > MAX_FULL_YAML_BYTES) return step.value;
  return parsePositionedYaml(text);
}

const NOWHERE = { lineOf: () => 1, foundAt: () => 'nothing' };

function decode(contents: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(contents);
  } catch {
    // The one thing that a fatal decoder throws for; the caller says so with the file's name.
    return undefined;
  }
}

function headProblems(document: PositionedYaml, problem: Problem): EntryProblem[] {
  const { value } = document;
  if (typeof value !== 'object' || value === null) {
    return [
      problem(
        document.lineOf([]),
        [],
        value === null ? 'an empty file' : document.foundAt([]),
        'a list `entries`, which may be []',
      ),
    ];
  }
  const unknown = Object.keys(value).filter((key) => key !== 'entries');
  const problems = unknown.map((key) =>
    problem(document.lineOf([key]), [key], key, '`entries` and nothing else'),
  );
  const { entries } = value as { entries?: unknown };
  if (Array.isArray(entries) && entries.length <= MAX_ENTRIES) return problems;
  const found = Array.isArray(entries) ? `${entries.length} entries` : document.foundAt(['entries']);
  return [
    ...problems,
    problem(document.lineOf(['entries']), ['entries'], found, `a list of up to ${MAX_ENTRIES} entries`),
  ];
}

function itemsOf(value: unknown): readonly unknown[] {
  const { entries } = (value ?? {}) as { entries?: unknown };
  return Array.isArray(entries) && entries.length <= MAX_ENTRIES ? entries : [];
}

function problemsOf(
  issue: z.core.$ZodIssue,
  item: YamlPath,
  document: PositionedYaml,
  problem: Problem,
): EntryProblem[] {
  const path = [...item, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code !== 'unrecognized_keys')
    return [problem(document.lineOf(path), path, document.foundAt(path), issue.message)];
  return issue.keys.map((key) =>
    problem(document.lineOf([...path, key]), [...path, key], key, issue.message),
  );
}

function pathText(path: YamlPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}
