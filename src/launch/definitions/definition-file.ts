import { SpoorError } from '../../core/errors.js';
import { parsePositionedYaml } from '../../encoding/positioned-yaml.js';
import { decodeUtf8, FileProblems, readItemList } from '../../state/file-problems.js';
import type { ItemFile } from '../../state/item-files.js';
import type { DefinitionText, ReadDefinition } from './definition-schema.js';
import type { LaunchDefinition } from './definition.js';

/** Reading so much takes a quarter of a second, and nobody is served meanwhile. */
const MAX_FILE_BYTES = 1_048_576;
/** A file has no time of making that survives a copy. */
const CREATED_AT = new Date(0);

/**
 * Reads one file of definitions: every one that is right, and every problem.
 *
 * Source: the fields are listed in DEFINITION_FIELDS; decision 6 for what becomes of a file with problems.
 */
export function readDefinitionFile(
  file: string,
  contents: Buffer,
  read: ReadDefinition,
): ItemFile<LaunchDefinition> {
  const problems = new FileProblems(file);
  const text = contents.length > MAX_FILE_BYTES ? undefined : decodeUtf8(contents);
  if (text === undefined) {
    const isLong = contents.length > MAX_FILE_BYTES;
    if (isLong) problems.add(1, [], `${contents.length} bytes`, `a file of at most ${MAX_FILE_BYTES} bytes`);
    else problems.add(1, [], 'bytes that are not UTF-8', 'UTF-8');
    return { items: [], problems: problems.all };
  }
  const { items, places } = readItemList(text, 'launch', problems);
  const definitions = items.flatMap((item, index): LaunchDefinition[] => {
    const path = ['launch', index];
    const outcome = read(item);
    if ('definition' in outcome) {
      const source = { kind: 'file', file, line: places.lineOf(path) } as const;
      return [{ ...outcome.definition, createdAt: CREATED_AT, source }];
    }
    for (const issue of outcome.issues) problems.addIssue(issue, path, places);
    return [];
  });
  return { items: definitions, problems: problems.all };
}

/**
 * Reads one item as it stands in a file, with or without the dash in front.
 *
 * Errors: ARGUMENT_INVALID, when it is no YAML or more than one item; what the item says is not looked at.
 */
export function parseDefinitionItem(text: string): unknown {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new SpoorError('ARGUMENT_INVALID', `a definition has at most ${MAX_FILE_BYTES} bytes`);
  }
  const { value, faults } = parsePositionedYaml(text);
  if (faults.length > 0) {
    const found = faults.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
    throw new SpoorError('ARGUMENT_INVALID', `not YAML: ${found}`);
  }
  const item: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item;
  throw new SpoorError('ARGUMENT_INVALID', 'not one launch definition: allowed is one item as files have it');
}

/**
 * Checks an item that somebody wants to set by command, by the rules of files.
 *
 * Errors: ARGUMENT_INVALID, naming all faults.
 */
export function checkDefinitionItem(item: unknown, read: ReadDefinition): DefinitionText {
  const outcome = read(item);
  if ('definition' in outcome) return outcome.definition;
  const problems = new FileProblems('');
  const nowhere = { lineOf: () => 0, foundAt: () => '' };
  for (const issue of outcome.issues) problems.addIssue(issue, [], nowhere);
  const faults = problems.all.map(
    ({ path, allowed }) => `${path === '' ? '' : `${path}: `}allowed is ${allowed}`,
  );
  throw new SpoorError('ARGUMENT_INVALID', `not a launch definition: ${faults.join('; ')}`);
}
