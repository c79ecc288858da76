import { LineCounter, isNode, isScalar, parseDocument, visit } from 'yaml';

/** A place in a document: property names and indexes from the top. */
export type YamlPath = readonly (string | number)[];

/** A fault of the text itself, before anything is known of its meaning. */
export interface YamlFault {
  readonly line: number;
  readonly message: string;
}

/** A YAML document that still knows on which line each value stands. */
export interface PositionedYaml {
  /** The plain value; undefined when there are faults, null when the document is empty. */
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Line (from 1) of the value at `path`, or of the nearest value around it. */
  lineOf(path: YamlPath): number;
  /** The scalar at `path` as it is written, cut at 80 characters; a word for its kind when it is no scalar. */
  foundAt(path: YamlPath): string;
}

const MAX_SHOWN = 80;

/**
 * Parses YAML 1.2 and keeps the positions.
 *
 * Limits: no aliases (they can blow up), duplicate keys are faults.
 * Errors: none; faults are listed, so that all problems of all files can be reported together.
 */
export function parsePositionedYaml(text: string): PositionedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const faults = document.errors.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, message }));
  visit(document, {
    Alias: (_, { range, source }) => {
      const line = range ? lines.linePos(range[0]).line : 1;
      faults.push({ line, message: `the alias *${source} is not allowed: write the value out` });
    },
  });

  const nodeAt = (path: YamlPath): unknown => document.getIn(path, true);
  const lineOf = (path: YamlPath): number => {
    for (let length = path.length; length >= 0; length--) {
      const node = nodeAt(path.slice(0, length));
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const value: unknown = faults.length > 0 ? undefined : document.toJS();
  return { value, faults, lineOf, foundAt: (path) => shown(nodeAt(path)) };
}

function shown(node: unknown): string {
  if (node === undefined) return 'nothing';
  if (isScalar(node) && node.value === null && !node.source) return 'nothing';
  if (isScalar(node)) return String(node.source ?? node.value).slice(0, MAX_SHOWN);
  return 'a list or mapping';
}
